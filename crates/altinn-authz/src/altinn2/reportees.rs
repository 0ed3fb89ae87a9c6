//! From numbers to Altinn identities: one's reportees, and the conversion.

use std::fmt;
use std::str::FromStr;

use http::Method;
use http_transport::{Diagnosis, Remedy, Who as Whose};
use norwegian_ids::{IdError, OrganisationNumber, PersonNumber};
use serde::Serialize;

use crate::address::Address;
use crate::altinn2::api::read;
use crate::altinn2::client::Client;
use crate::altinn2::delegation::Service;
use crate::altinn2::models::{Organization, Reportee, ReporteeId};
use crate::altinn2::odata::{self, Filter, Query};
use crate::altinn2::pages::Pages;
use crate::altinn2::who::is_party_id;
use crate::{Error, ErrorKind};

const FIND: &str = "find the reportee of a number";

impl Client {
    /// Those one may act for (avgivere), to the end of the list. `GET reportees`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses; [`ErrorKind::LoginPage`] when it sees no user.
    pub async fn reportees(&self) -> Result<Vec<Reportee>, Error> {
        self.reportees_with(&ReporteesQuery::new()).await
    }

    /// As [`reportees`](Self::reportees), fewer of them.
    ///
    /// # Errors
    ///
    /// As [`reportees`](Self::reportees).
    pub async fn reportees_with(&self, query: &ReporteesQuery) -> Result<Vec<Reportee>, Error> {
        self.reportees_pages(query)?.all().await
    }

    /// As [`reportees_with`](Self::reportees_with), page by page.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Altinn2Closed`] where there is no Altinn 2.
    pub fn reportees_pages(&self, query: &ReporteesQuery) -> Result<Pages<Reportee>, Error> {
        const OPERATION: &str = "list those one may act for";
        let address = query.narrow(self.api.address(OPERATION)?.segment("reportees"));
        let query = match &query.filter {
            Some(filter) => Query::from(filter.clone()),
            None => Query::new(),
        };
        Ok(self.api.pages(OPERATION, address, &query))
    }

    /// The organisations that one can represent. `GET organizations`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn organisations(
        &self,
        filter: Option<&Filter<Organization>>,
    ) -> Result<Vec<Organization>, Error> {
        const OPERATION: &str = "list the organisations one can represent";
        let address = self.api.address(OPERATION)?.segment("organizations");
        self.api.list(OPERATION, address, filter).await
    }

    /// One of the organisations that one can represent. `GET organizations/{orgno}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn organisation(&self, number: OrganisationNumber) -> Result<Organization, Error> {
        const OPERATION: &str = "read an organisation one can represent";
        let address = self.api.address(OPERATION)?.segment("organizations");
        self.api
            .get(OPERATION, address.segment(number.as_str()))
            .await
    }

    /// One of those one may act for. `GET reportees/{reporteeId}`.
    ///
    /// # Errors
    ///
    /// As Altinn refuses.
    pub async fn reportee(&self, id: &ReporteeId) -> Result<Reportee, Error> {
        const OPERATION: &str = "read a reportee";
        if !is_party_id(id.as_str()) {
            return Err(Error::input(
                OPERATION,
                "this is not the id of a reportee",
                "use the id of an answer: r and digits",
            ));
        }
        let address = self
            .api
            .address(OPERATION)?
            .segment("reportees")
            .segment(id);
        self.api.get(OPERATION, address).await
    }

    /// From a number to the reportee and its id.
    ///
    /// With a name, anyone is found whose number and name belong together
    /// (`POST reportees/ReporteeConversion`, release 21.12; before, only among one's reportees).
    /// Without one, one's own reportees are looked through.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownParty`] when no reportee has the number; [`ErrorKind::Refused`] when Altinn
    /// finds that number and name do not belong together.
    pub async fn resolve(&self, identity: &Identity) -> Result<Reportee, Error> {
        match (&identity.number, &identity.name) {
            (Number::Person(number), Some(name)) => {
                self.convert(&Conversion {
                    person_number: Some(number.expose()),
                    last_name: Some(name),
                    ..Conversion::default()
                })
                .await
            }
            (Number::Organisation(number), Some(name)) => {
                self.convert(&Conversion {
                    organisation_number: Some(number.as_str()),
                    organisation_name: Some(name),
                    ..Conversion::default()
                })
                .await
            }
            // the number of a person does not go into an address
            (Number::Person(number), None) => {
                let is_them = |reportee: &Reportee| {
                    reportee
                        .person_number
                        .as_ref()
                        .is_some_and(|found| found.as_str() == number.expose())
                };
                let mut reportees = self.reportees().await?.into_iter();
                reportees.find(is_them).ok_or_else(|| unknown(identity))
            }
            (Number::Organisation(number), None) => {
                let by_number = odata::reportee::ORGANISATION_NUMBER.eq(number.as_str());
                let query = ReporteesQuery::new().filter(by_number).inactive(true);
                let is_it = |reportee: &Reportee| {
                    reportee
                        .organisation_number
                        .as_ref()
                        .is_some_and(|found| found.checked().as_ref() == Ok(number))
                };
                let mut reportees = self.reportees_with(&query).await?.into_iter();
                reportees.find(is_it).ok_or_else(|| unknown(identity))
            }
        }
    }

    async fn convert(&self, who: &Conversion<'_>) -> Result<Reportee, Error> {
        let address = self
            .api
            .address(FIND)?
            .segment("reportees")
            .segment("ReporteeConversion");
        let answer = self
            .api
            .send(FIND, Method::POST, &self.api.spoken(address), Some(who))
            .await?;
        read(FIND, &answer)
    }
}

fn unknown(identity: &Identity) -> Error {
    let summary = format!("{identity} is none of those one may act for");
    let diagnosis = Diagnosis::new(FIND)
        .with_message(&summary)
        .with_remedy(Remedy::new(
            Whose::You,
            "give the name too: with number and registered name (a person's last name) Altinn finds anyone",
        ));
    Error::new(ErrorKind::UnknownParty, summary, diagnosis)
}

/// What `ReporteeConversion` is asked with. The name of an organisation is `OrganizationName` here
/// and `Name` under Delegations.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Conversion<'a> {
    #[serde(
        rename = "SocialSecurityNumber",
        skip_serializing_if = "Option::is_none"
    )]
    person_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    #[serde(rename = "OrganizationNumber", skip_serializing_if = "Option::is_none")]
    organisation_number: Option<&'a str>,
    #[serde(rename = "OrganizationName", skip_serializing_if = "Option::is_none")]
    organisation_name: Option<&'a str>,
}

/// A number, and the name that belongs to it.
///
/// ```
/// use altinn_authz::altinn2::Identity;
///
/// let identity = "26899299344".parse::<Identity>()?.named("HEIS");
/// assert_eq!(identity.to_string(), "268992***** HEIS");
/// assert_eq!("310 702 641".parse::<Identity>()?.to_string(), "310702641");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub(crate) number: Number,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Number {
    Organisation(OrganisationNumber),
    Person(PersonNumber),
}

impl Identity {
    /// An organisation.
    #[must_use]
    pub fn organisation(number: OrganisationNumber) -> Self {
        Self {
            number: Number::Organisation(number),
            name: None,
        }
    }

    /// A person.
    #[must_use]
    pub fn person(number: PersonNumber) -> Self {
        Self {
            number: Number::Person(number),
            name: None,
        }
    }

    /// With the registered name of the organisation, or the last name of the person.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        let name = name.into().trim().to_owned();
        self.name = (!name.is_empty()).then_some(name);
        self
    }
}

impl From<OrganisationNumber> for Identity {
    fn from(number: OrganisationNumber) -> Self {
        Self::organisation(number)
    }
}

impl From<PersonNumber> for Identity {
    fn from(number: PersonNumber) -> Self {
        Self::person(number)
    }
}

impl FromStr for Identity {
    type Err = IdError;

    /// A number of an organisation (9 digits) or of a person (11 digits); blanks are fine.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if digits > 9 {
            PersonNumber::parse(text).map(Self::person)
        } else {
            OrganisationNumber::parse(text).map(Self::organisation)
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.number {
            Number::Organisation(number) => f.write_str(number.as_str())?,
            Number::Person(number) => write!(f, "{}", number.masked())?,
        }
        match &self.name {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}

/// Which of those one may act for are wanted.
///
/// ```
/// use altinn_authz::altinn2::models::{ReporteeStatus, ReporteeType};
/// use altinn_authz::altinn2::{ReporteesQuery, Service, odata::reportee};
///
/// let active = reportee::STATUS.eq(ReporteeStatus::Active);
/// let query = ReporteesQuery::new()
///     .filter(reportee::KIND.ne(ReporteeType::Person).and(active))
///     .with_rights_on(Service::new("5123", 1));
/// ```
#[derive(Debug, Clone, Default)]
pub struct ReporteesQuery {
    pub(crate) filter: Option<Filter<Reportee>>,
    service: Option<Service>,
    app: Option<String>,
    role: Option<i64>,
    inactive: Option<bool>,
}

impl ReporteesQuery {
    /// All of them.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The parameters that Altinn has for it, all but the filter.
    pub(crate) fn narrow(&self, mut address: Address) -> Address {
        if let Some(service) = &self.service {
            address = address
                .query("serviceCode", service.code())
                .query("serviceEdition", service.edition());
        }
        address
            .query_if("app", self.app.as_deref())
            .query_if("roleDefinitionId", self.role)
            .query_if("includeInactiveReportees", self.inactive)
    }

    /// Those that fit this filter.
    #[must_use]
    pub fn filter(mut self, filter: Filter<Reportee>) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Those for whom one has rights on this service. (Not together with [`on_app`](Self::on_app).)
    #[must_use]
    pub fn with_rights_on(mut self, service: Service) -> Self {
        (self.service, self.app) = (Some(service), None);
        self
    }

    /// Those for whom one has rights on this app (`org/app`).
    #[must_use]
    pub fn on_app(mut self, app: impl Into<String>) -> Self {
        (self.service, self.app) = (None, Some(app.into()));
        self
    }

    /// Those for whom one has this role, by the id of its definition.
    #[must_use]
    pub fn with_role(mut self, definition: i64) -> Self {
        self.role = Some(definition);
        self
    }

    /// Whether deleted and dormant organisations are listed.
    #[must_use]
    pub fn inactive(mut self, wanted: bool) -> Self {
        self.inactive = Some(wanted);
        self
    }
}
