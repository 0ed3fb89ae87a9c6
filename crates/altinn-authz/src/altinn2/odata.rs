//! OData, as far as Altinn 2's lists understand it: filters, order, and how much.
//!
//! A filter is built of the [properties](Property) of the model that the list is of, so that it cannot
//! name what is not there, nor compare it with what it can never be: rights and app rights call the
//! same source by different names, which the server does not tell anybody.
//!
//! ```
//! use altinn_authz::altinn2::models::{AppRightSource, RightSource};
//! use altinn_authz::altinn2::odata::{app_right, right};
//!
//! let filter = right::SOURCE
//!     .ne(RightSource::Role)
//!     .and(right::SERVICE_CODE.eq("5123").or(right::SERVICE_OWNER.eq("O'Brien")));
//! assert_eq!(
//!     filter.to_string(),
//!     "RightSourceType ne 'RoleTypeRights' and (ServiceCode eq '5123' or ServiceOwner eq 'O''Brien')",
//! );
//! // of an app right it is another word
//! assert_eq!(
//!     app_right::SOURCE.ne(AppRightSource::Role).to_string(),
//!     "RightSourceType ne 'RoleTypeRight'",
//! );
//! ```
//!
//! The other one's word does not compile:
//!
//! ```compile_fail
//! use altinn_authz::altinn2::{models::RightSource, odata::app_right};
//!
//! let never_true = app_right::SOURCE.eq(RightSource::Role);
//! ```
//!
//! Do not put numbers of people in a filter: addresses end up in logs.

use std::fmt;
use std::marker::PhantomData;

use jiff::civil::DateTime;

use crate::Error;
use crate::altinn2::models::{
    AppRight, AppRightSource, Codelist, OfficialContact, Organization, PersonalContact, Reportee,
    ReporteeStatus, ReporteeType, Right, RightAction, RightHolder, RightSource, RightType, Role,
    RoleType, ServiceMetaData, ServiceType,
};
use crate::wire::OpenEnum as _;

/// A member of `T` that lists of it can be filtered and sorted by; `V` is what it is compared with.
///
/// Those of the models here are in the modules beside ([`right`], [`role`], …).
pub struct Property<T, V: ?Sized> {
    name: &'static str,
    of: PhantomData<fn(&V) -> T>,
}

/// A filter (`$filter`) on a list of `T`. What is given is always escaped.
pub struct Filter<T> {
    text: String,
    is_compound: bool,
    of: PhantomData<fn() -> T>,
}

/// What of a list of `T` is wanted: which, in what order, how many.
///
/// ```
/// use altinn_authz::altinn2::odata::{Query, reportee};
/// use altinn_authz::altinn2::models::ReporteeType;
///
/// let query = Query::from(reportee::KIND.ne(ReporteeType::Person))
///     .order_by(reportee::NAME.ascending())
///     .at_most(100);
/// ```
pub struct Query<T> {
    pub(crate) filter: Option<Filter<T>>,
    pub(crate) order_by: Option<String>,
    pub(crate) skip: usize,
    pub(crate) limit: Option<usize>,
}

/// An order (`$orderby`) of a list of `T`.
pub struct Order<T> {
    text: String,
    of: PhantomData<fn() -> T>,
}

/// What a property of kind `V` is compared with.
pub trait Literal<V: ?Sized> {
    #[doc(hidden)]
    fn odata(&self) -> String;
}

impl<T, V: ?Sized> Property<T, V> {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            of: PhantomData,
        }
    }

    /// The property has this value.
    #[must_use]
    pub fn eq(self, value: impl Literal<V>) -> Filter<T> {
        self.compare("eq", &value)
    }

    /// The property has another value.
    #[must_use]
    pub fn ne(self, value: impl Literal<V>) -> Filter<T> {
        self.compare("ne", &value)
    }

    /// The property is greater.
    #[must_use]
    pub fn gt(self, value: impl Literal<V>) -> Filter<T> {
        self.compare("gt", &value)
    }

    /// The property is greater or the same.
    #[must_use]
    pub fn ge(self, value: impl Literal<V>) -> Filter<T> {
        self.compare("ge", &value)
    }

    /// The property is less.
    #[must_use]
    pub fn lt(self, value: impl Literal<V>) -> Filter<T> {
        self.compare("lt", &value)
    }

    /// The property is less or the same.
    #[must_use]
    pub fn le(self, value: impl Literal<V>) -> Filter<T> {
        self.compare("le", &value)
    }

    /// The smallest first.
    #[must_use]
    pub fn ascending(self) -> Order<T> {
        Order::new(self.name.to_owned())
    }

    /// The greatest first.
    #[must_use]
    pub fn descending(self) -> Order<T> {
        Order::new(format!("{} desc", self.name))
    }

    fn compare(self, operator: &str, value: &impl Literal<V>) -> Filter<T> {
        Filter::new(format!("{} {operator} {}", self.name, value.odata()), false)
    }
}

impl<T> Filter<T> {
    fn new(text: String, is_compound: bool) -> Self {
        Self {
            text,
            is_compound,
            of: PhantomData,
        }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join("and", &other)
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.join("or", &other)
    }

    fn join(self, operator: &str, other: &Self) -> Self {
        Self::new(format!("{} {operator} {}", self.part(), other.part()), true)
    }

    fn part(&self) -> String {
        if self.is_compound {
            format!("({})", self.text)
        } else {
            self.text.clone()
        }
    }
}

impl<T: Filtered> Filter<T> {
    /// A filter that somebody wrote, looked over: its parentheses and quotes must close, it may name
    /// only what `T` has, and it must not compare with a word that is never there.
    ///
    /// ```
    /// use altinn_authz::altinn2::models::AppRight;
    /// use altinn_authz::altinn2::odata::Filter;
    ///
    /// assert!(Filter::<AppRight>::parse("RightSourceType ne 'RoleTypeRight'").is_ok());
    /// let error = Filter::<AppRight>::parse("RightSourceType ne 'RoleTypeRights'").unwrap_err();
    /// assert!(error.to_string().contains("RoleTypeRight"), "{error}");
    /// let error = Filter::<AppRight>::parse("Source eq 'x'").unwrap_err();
    /// assert!(error.diagnosis().remedy().unwrap().to_string().contains("RightSourceType"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) says what of it cannot be right.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let words = words(text)?;
        if words.is_empty() {
            return Err(unreadable("the filter is empty"));
        }
        let names = || T::PROPERTIES.join(", ");
        let mut depth = 0_usize;
        for word in &words {
            match word {
                Word::Text(literal) => {
                    if let Some((_, right)) = T::TRAPS.iter().find(|(wrong, _)| wrong == literal) {
                        return Err(Error::input_said(
                            OPERATION,
                            format!("here it is never '{literal}': it is '{right}'"),
                            format!("write '{right}'"),
                        ));
                    }
                    if norwegian_ids::PersonNumber::parse_format_only(literal).is_ok() {
                        return Err(unreadable("the filter holds the number of a person"));
                    }
                }
                Word::Open => depth += 1,
                Word::Close => {
                    depth = depth
                        .checked_sub(1)
                        .ok_or_else(|| unreadable("the filter has a parenthesis too many"))?;
                }
                Word::Plain(word) => {
                    let is_keyword = ["eq", "ne", "gt", "ge", "lt", "le", "and", "or", "not"]
                        .contains(word)
                        || ["true", "false", "null", "DateTime", "datetime"].contains(word);
                    let is_number = word.parse::<f64>().is_ok();
                    if !is_keyword && !is_number && !T::PROPERTIES.contains(word) {
                        return Err(Error::input_said(
                            OPERATION,
                            format!("the list has nothing called {word}"),
                            format!(
                                "use one of {}, spelt so; a text stands in single quotes",
                                names()
                            ),
                        ));
                    }
                }
            }
        }
        if depth > 0 {
            return Err(unreadable("a parenthesis of the filter is not closed"));
        }
        let is_compound = words
            .iter()
            .any(|word| matches!(word, Word::Plain("and" | "or")));
        Ok(Self::new(text.to_owned(), is_compound))
    }
}

const OPERATION: &str = "read a filter";

fn unreadable(what: &'static str) -> Error {
    Error::input(
        OPERATION,
        what,
        "write it as OData: ServiceCode eq '5123' and ServiceEditionCode eq 1",
    )
}

enum Word<'t> {
    Open,
    Close,
    /// A text, as it stands between its quotes.
    Text(&'t str),
    Plain(&'t str),
}

fn words(text: &str) -> Result<Vec<Word<'_>>, Error> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            '(' => (Some(Word::Open), 1),
            ')' => (Some(Word::Close), 1),
            '\'' => {
                let mut at = 1;
                let end = loop {
                    let found = rest[at..]
                        .find('\'')
                        .ok_or_else(|| unreadable("a quote of the filter is not closed"))?;
                    // two quotes are one that belongs to the text
                    if rest[at + found + 1..].starts_with('\'') {
                        at += found + 2;
                    } else {
                        break at + found;
                    }
                };
                (Some(Word::Text(&rest[1..end])), end + 1)
            }
            blank if blank.is_whitespace() => (None, blank.len_utf8()),
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || ['(', ')', '\''].contains(&c))
                    .unwrap_or(rest.len());
                (Some(Word::Plain(&rest[..end])), end)
            }
        };
        words.extend(word);
        rest = &rest[length..];
    }
    Ok(words)
}

impl<T> Order<T> {
    fn new(text: String) -> Self {
        Self {
            text,
            of: PhantomData,
        }
    }

    /// Among equals, by this.
    #[must_use]
    pub fn then(self, other: &Self) -> Self {
        Self::new(format!("{},{}", self.text, other.text))
    }
}

impl<T> Query<T> {
    /// All of the list.
    #[must_use]
    pub fn new() -> Self {
        Self {
            filter: None,
            order_by: None,
            skip: 0,
            limit: None,
        }
    }

    /// Those that fit this filter.
    #[must_use]
    pub fn filter(mut self, filter: Filter<T>) -> Self {
        self.filter = Some(filter);
        self
    }

    /// In this order.
    #[must_use]
    pub fn order_by(mut self, order: Order<T>) -> Self {
        self.order_by = Some(order.text);
        self
    }

    /// Without so many at the beginning (`$skip`).
    #[must_use]
    pub fn skip(mut self, items: usize) -> Self {
        self.skip = items;
        self
    }

    /// So many, and no more.
    #[must_use]
    pub fn at_most(mut self, items: usize) -> Self {
        self.limit = Some(items);
        self
    }
}

impl<T> Default for Query<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<Filter<T>> for Query<T> {
    fn from(filter: Filter<T>) -> Self {
        Self::new().filter(filter)
    }
}

impl<T, V: ?Sized> Copy for Property<T, V> {}

impl<T, V: ?Sized> Clone for Property<T, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V: ?Sized> fmt::Debug for Property<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Property({})", self.name)
    }
}

impl<T> Clone for Filter<T> {
    fn clone(&self) -> Self {
        Self::new(self.text.clone(), self.is_compound)
    }
}

impl<T> PartialEq for Filter<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Filter<T> {}

impl<T> fmt::Display for Filter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T> fmt::Debug for Filter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({})", http_transport::redact::text(&self.text))
    }
}

impl<T> fmt::Debug for Order<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Order({})", self.text)
    }
}

impl<T> Clone for Query<T> {
    fn clone(&self) -> Self {
        Self {
            filter: self.filter.clone(),
            order_by: self.order_by.clone(),
            skip: self.skip,
            limit: self.limit,
        }
    }
}

impl<T> fmt::Debug for Query<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("filter", &self.filter)
            .field("order_by", &self.order_by)
            .field("skip", &self.skip)
            .field("limit", &self.limit)
            .finish()
    }
}

impl Literal<str> for &str {
    fn odata(&self) -> String {
        format!("'{}'", self.replace('\'', "''"))
    }
}

impl Literal<str> for &String {
    fn odata(&self) -> String {
        Literal::<str>::odata(&self.as_str())
    }
}

impl Literal<i64> for i64 {
    fn odata(&self) -> String {
        self.to_string()
    }
}

impl Literal<bool> for bool {
    fn odata(&self) -> String {
        self.to_string()
    }
}

impl Literal<DateTime> for DateTime {
    fn odata(&self) -> String {
        format!("DateTime'{}'", self.strftime("%Y-%m-%dT%H:%M:%S"))
    }
}

macro_rules! of_enums {
    ($($name:ty),*) => {$(
        impl Literal<$name> for $name {
            fn odata(&self) -> String {
                Literal::<str>::odata(&self.as_wire())
            }
        }
    )*};
}

of_enums!(
    AppRightSource,
    ReporteeStatus,
    ReporteeType,
    RightAction,
    RightSource,
    RightType,
    RoleType,
    ServiceType
);

/// A model that filters are written for.
pub trait Filtered {
    /// What a filter may name.
    #[doc(hidden)]
    const PROPERTIES: &'static [&'static str];
    /// Words that are never there, and what is there in their place.
    #[doc(hidden)]
    const TRAPS: &'static [(&'static str, &'static str)] = &[];
}

macro_rules! properties {
    ($(#[$doc:meta])* $module:ident of $model:ident $traps:expr => $($name:ident: $kind:ty = $wire:literal,)*) => {
        $(#[$doc])*
        pub mod $module {
            use super::*;

            $(
                #[doc = concat!("`", $wire, "`")]
                pub const $name: Property<$model, $kind> = Property::new($wire);
            )*
        }

        impl Filtered for $model {
            const PROPERTIES: &'static [&'static str] = &[$($wire),*];
            const TRAPS: &'static [(&'static str, &'static str)] = &$traps;
        }
    };
}

properties! {
    /// What lists of [`Reportee`] can be filtered by.
    reportee of Reportee [] =>
    ID: str = "ReporteeId",
    NAME: str = "Name",
    KIND: ReporteeType = "Type",
    ORGANISATION_NUMBER: str = "OrganizationNumber",
    PARENT_ORGANISATION_NUMBER: str = "ParentOrganizationNumber",
    ORGANISATION_FORM: str = "OrganizationForm",
    STATUS: ReporteeStatus = "Status",
}

properties! {
    /// What lists of [`RightHolder`] can be filtered by.
    right_holder of RightHolder [] =>
    ID: str = "RightHolderId",
    NAME: str = "Name",
    LAST_NAME: str = "LastName",
    ORGANISATION_NUMBER: str = "OrganizationNumber",
    USER_NAME: str = "UserName",
}

properties! {
    /// What lists of [`Role`] can be filtered by.
    role of Role [] =>
    ID: i64 = "RoleId",
    ROLE_TYPE: RoleType = "RoleType",
    DEFINITION_ID: i64 = "RoleDefinitionId",
    NAME: str = "RoleName",
    DESCRIPTION: str = "RoleDescription",
    DELEGATOR: str = "Delegator",
    DELEGATED_TIME: DateTime = "DelegatedTime",
    CODE: str = "RoleDefinitionCode",
}

properties! {
    /// What lists of [`Right`] can be filtered by.
    right of Right [("RoleTypeRight", "RoleTypeRights")] =>
    ID: i64 = "RightID",
    KIND: RightType = "RightType",
    SYSTEM_RESOURCE_ID: str = "SystemResourceID",
    SERVICE_CODE: str = "ServiceCode",
    SERVICE_EDITION_CODE: i64 = "ServiceEditionCode",
    SERVICE_OWNER: str = "ServiceOwner",
    SERVICE_OWNER_CODE: str = "ServiceOwnerCode",
    MESSAGE_ID: str = "MessageID",
    DELEGATOR: str = "Delegator",
    DELEGATED_TIME: DateTime = "DelegatedTime",
    ACTION: RightAction = "Action",
    SOURCE: RightSource = "RightSourceType",
    IS_DELEGATABLE: bool = "IsDelegatable",
    VALID_TO: DateTime = "ValidToDate",
}

properties! {
    /// What lists of [`AppRight`] can be filtered by. Mind that actions are in lower case there, and
    /// that sources are called by other words than those of rights.
    app_right of AppRight [("RoleTypeRights", "RoleTypeRight"), ("DirectlyDelegatedRights", "DirectlyDelegated")] =>
    RULE: str = "RuleGuid",
    APP: str = "AltinnAppId",
    RESOURCE_ID: str = "ResourceId",
    RESOURCE_VALUE: str = "ResourceValue",
    ACTION: str = "Action",
    SOURCE: AppRightSource = "RightSourceType",
    IS_DELEGATABLE: bool = "IsDelegatable",
}

properties! {
    /// What the list of services ([`ServiceMetaData`]) can be filtered by.
    service of ServiceMetaData [] =>
    OWNER_CODE: str = "ServiceOwnerCode",
    OWNER_NAME: str = "ServiceOwnerName",
    NAME: str = "ServiceName",
    CODE: str = "ServiceCode",
    EDITION_NAME: str = "ServiceEditionName",
    APP: str = "AltinnAppId",
    EDITION_CODE: i64 = "ServiceEditionCode",
    VALID_FROM: DateTime = "ValidFrom",
    VALID_TO: DateTime = "ValidTo",
    KIND: ServiceType = "ServiceType",
}

properties! {
    /// What the list of code lists ([`Codelist`]) can be filtered by.
    codelist of Codelist [] =>
    NAME: str = "Name",
    VERSION: i64 = "Version",
    LANGUAGE: i64 = "Language",
}

properties! {
    /// What lists of [`Organization`] can be filtered by.
    organisation of Organization [] =>
    NAME: str = "Name",
    NUMBER: str = "OrganizationNumber",
    FORM: str = "Type",
    LAST_CHANGED: DateTime = "LastChanged",
    LAST_CONFIRMED: DateTime = "LastConfirmed",
}

properties! {
    /// What lists of [`OfficialContact`] can be filtered by.
    official_contact of OfficialContact [] =>
    MOBILE_NUMBER: str = "MobileNumber",
    MOBILE_NUMBER_CHANGED: DateTime = "MobileNumberChanged",
    E_MAIL_ADDRESS: str = "EMailAddress",
    E_MAIL_ADDRESS_CHANGED: DateTime = "EMailAddressChanged",
}

properties! {
    /// What lists of [`PersonalContact`] can be filtered by.
    personal_contact of PersonalContact [] =>
    ID: str = "PersonalContactId",
    NAME: str = "Name",
    MOBILE_NUMBER: str = "MobileNumber",
    MOBILE_NUMBER_CHANGED: DateTime = "MobileNumberChanged",
    E_MAIL_ADDRESS: str = "EMailAddress",
    E_MAIL_ADDRESS_CHANGED: DateTime = "EMailAddressChanged",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_given_ends_a_literal() {
        let filter = reportee::NAME.eq("x' or Name ne 'y");
        assert_eq!(filter.to_string(), "Name eq 'x'' or Name ne ''y'");
        assert_eq!(
            Filter::<Reportee>::parse(&filter.to_string()).unwrap(),
            filter
        );
    }

    #[test]
    fn literals_are_written_as_odata_wants_them() {
        let at: DateTime = "2020-01-01T00:00:00".parse().unwrap();
        let filter = right::VALID_TO
            .ge(at)
            .and(right::SERVICE_EDITION_CODE.eq(1))
            .and(right::IS_DELEGATABLE.eq(true));
        let text = "(ValidToDate ge DateTime'2020-01-01T00:00:00' and ServiceEditionCode eq 1) and IsDelegatable eq true";
        assert_eq!(filter.to_string(), text);
        assert_eq!(Filter::<Right>::parse(text).unwrap(), filter);
        let order = role::NAME.ascending().then(&role::ID.descending());
        assert_eq!(order.text, "RoleName,RoleId desc");
    }

    #[test]
    fn filters_that_clients_are_known_to_send_are_read() {
        for text in [
            "RightSourceType ne 'RoleTypeRights'",
            "ServiceCode eq '4936' and ServiceEditionCode eq 1",
        ] {
            assert_eq!(Filter::<Right>::parse(text).unwrap().to_string(), text);
        }
        assert!(Filter::<Reportee>::parse("Type ne 'Person' and Status eq 'Active'").is_ok());
        let roles = "(RoleType eq 'Altinn' and (RoleDefinitionCode eq 'SIGNE' or RoleDefinitionCode eq 'UTINN')) or (RoleType eq 'External')";
        assert!(Filter::<Role>::parse(roles).is_ok());
    }

    #[test]
    fn what_cannot_be_right_is_said_before_it_is_sent() {
        for (text, why) in [
            ("", "empty"),
            ("ServiceCode eq '5123", "quote"),
            ("(ServiceCode eq '5123'", "not closed"),
            ("ServiceCode eq '5123')", "too many"),
            ("ServiceKode eq '5123'", "ServiceKode"),
            ("ServiceCode neq '5123'", "neq"),
            ("RightSourceType eq 'RoleTypeRight'", "RoleTypeRights"),
            ("Delegator eq '26899299344'", "number of a person"),
        ] {
            let error = Filter::<Right>::parse(text).unwrap_err();
            assert!(
                error.is_input() && error.to_string().contains(why),
                "{text}: {error}"
            );
            assert!(!format!("{error:?}").contains("26899299344"));
        }
    }
}
