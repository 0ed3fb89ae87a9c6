//! The parties as Altinn 2 knows them: reportee ids, user ids, names, and who the caller is.

use uuid::Uuid;

use super::answer::{Link, Object, Shape};
use crate::platform::CallerKind;
use crate::world::{EnterpriseUser, Organisation, Person, World};

/// Someone who can give, hold or receive something.
#[derive(Clone, Copy, Debug)]
pub(super) enum Party<'w> {
    Person(&'w Person),
    Organisation(&'w Organisation),
    EnterpriseUser(&'w EnterpriseUser),
}

impl<'w> Party<'w> {
    pub(super) fn find(world: &'w World, uuid: Uuid) -> Option<Self> {
        let person = world.person_by_uuid(uuid).map(Self::Person);
        person
            .or_else(|| world.organisation_by_uuid(uuid).map(Self::Organisation))
            .or_else(|| {
                let mut users = world.enterprise_users.iter();
                users
                    .find(|user| user.party_uuid == uuid)
                    .map(Self::EnterpriseUser)
            })
    }

    /// By reportee id (`r` and digits), user id (`u` and digits), organisation number or user name.
    pub(super) fn by_id(world: &'w World, id: &str) -> Option<Self> {
        let digits = |prefix| {
            id.strip_prefix(prefix)
                .and_then(|d: &str| d.parse::<i64>().ok())
        };
        if let Some(party_id) = digits('r') {
            let person = world
                .persons
                .iter()
                .find(|p| p.party_id == party_id)
                .map(Self::Person);
            return person.or_else(|| {
                let mut organisations = world.organisations.iter();
                organisations
                    .find(|o| o.party_id == party_id)
                    .map(Self::Organisation)
            });
        }
        if let Some(user_id) = digits('u') {
            let mut users = world.enterprise_users.iter();
            return users
                .find(|u| u.user_id == user_id)
                .map(Self::EnterpriseUser);
        }
        let organisation = world.organisation(id).map(Self::Organisation);
        organisation.or_else(|| {
            let named = |p: &&Person| {
                p.user_name
                    .as_deref()
                    .is_some_and(|n| n.eq_ignore_ascii_case(id))
            };
            world.persons.iter().find(named).map(Self::Person)
        })
    }

    /// A reportee as a service owner sees it: without the id.
    pub(super) fn subject(self) -> Option<Object> {
        self.reportee().map(|object| object.without("ReporteeId"))
    }

    pub(super) fn uuid(self) -> Uuid {
        match self {
            Self::Person(p) => p.party_uuid,
            Self::Organisation(o) => o.party_uuid,
            Self::EnterpriseUser(u) => u.party_uuid,
        }
    }

    /// `r…` of a reportee, `u…` of an enterprise user.
    pub(super) fn id(self) -> String {
        match self {
            Self::Person(p) => p.reportee_id(),
            Self::Organisation(o) => o.reportee_id(),
            Self::EnterpriseUser(u) => format!("u{}", u.user_id),
        }
    }

    /// People are named last name first.
    pub(super) fn name(self) -> String {
        match self {
            Self::Person(p) => format!("{} {}", p.last_name, p.first_name),
            Self::Organisation(o) => o.name.clone(),
            Self::EnterpriseUser(u) => u.user_name.clone(),
        }
    }

    /// Reportee (wire facts, Altinn 2 §7.1); nothing for an enterprise user, who is none.
    pub(super) fn reportee(self) -> Option<Object> {
        let object = Object::new()
            .with("ReporteeId", self.id())
            .with("Name", self.name());
        match self {
            Self::Person(p) => Some(
                object
                    .with("Type", "Person")
                    .with("SocialSecurityNumber", p.number.expose()),
            ),
            Self::Organisation(o) => Some(
                object
                    .with(
                        "Type",
                        if o.parent.is_some() {
                            "Business"
                        } else {
                            "Enterprise"
                        },
                    )
                    .with("OrganizationNumber", o.number.as_str())
                    .with_some("ParentOrganizationNumber", o.parent.as_deref())
                    .with("OrganizationForm", o.form.as_str())
                    .with("Status", if o.inactive { "Inactive" } else { "Active" }),
            ),
            Self::EnterpriseUser(_) => None,
        }
    }

    /// The reportee with the links of the list.
    pub(super) fn linked_reportee(self, shape: Shape, base: &str) -> Option<Object> {
        let id = self.id();
        let links = vec![
            Link::new("self", format!("{base}/reportees/{id}")),
            Link::new("messages", format!("{base}/{id}/messages")),
        ];
        Some(shape.item(self.reportee()?, links))
    }

    /// What RightHolder says of the holder: the person number masked since 19.9, whoever asks (wire
    /// facts, Altinn 2 §7.2).
    pub(super) fn right_holder(self, masked: bool) -> Object {
        let object = Object::new()
            .with("RightHolderId", self.id())
            .with("Name", self.name());
        match self {
            Self::Person(p) => object.with("LastName", p.last_name.as_str()).with(
                "SocialSecurityNumber",
                if masked {
                    p.masked()
                } else {
                    p.number.expose().to_owned()
                },
            ),
            Self::Organisation(o) => object.with("OrganizationNumber", o.number.as_str()),
            Self::EnterpriseUser(u) => object
                .with("OrganizationNumber", u.organisation.as_str())
                .with("UserName", u.user_name.as_str()),
        }
    }
}

/// The user behind a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct User<'w> {
    /// Who holds the roles.
    pub(super) holder: Party<'w>,
    /// Whom `my` stands for: an enterprise user's organisation, or the person.
    pub(super) my: Party<'w>,
}

impl<'w> User<'w> {
    /// Nobody when only an organisation is authenticated.
    pub(super) fn of(world: &'w World, caller: &CallerKind) -> Option<Self> {
        match caller {
            CallerKind::Person { party_uuid, .. } => {
                let person = world.person_by_uuid(*party_uuid).map(Party::Person)?;
                Some(Self {
                    holder: person,
                    my: person,
                })
            }
            CallerKind::EnterpriseUser { user_name, .. } => {
                let user = world.enterprise_user(user_name)?;
                let organisation = world.organisation(&user.organisation)?;
                Some(Self {
                    holder: Party::EnterpriseUser(user),
                    my: Party::Organisation(organisation),
                })
            }
            CallerKind::Organisation { .. } | CallerKind::SystemUser { .. } => None,
        }
    }
}
