//! `serviceowner/…`: what a service owner (tjenesteeier) may ask (wire facts, Altinn 2 §7.9, §7.15 and
//! §8.13).

use norwegian_ids::{OrganisationNumber, PersonNumber};

use super::answer::{Json, Link, Object, Refusal};
use super::delegations::{APP_RIGHT, RIGHT, ROLE, app_right_item, right_item, role_items};
use super::metadata;
use super::odata::{Kind, Limits, ListOptions, Model};
use super::parties::Party;
use super::{Asked, Outcome, phrase_no_such_number, release, reportees as own};
use crate::world::{Contact, Organisation, ServiceOwner};

/// The largest `$top` of organisations.
const ORGANIZATIONS: Limits = Limits {
    page: 50,
    top: 1_000,
};

const ORGANIZATION: Model = Model {
    name: "Organization",
    properties: &[
        ("Name", Kind::Text),
        ("OrganizationNumber", Kind::Text),
        ("Type", Kind::Text),
        ("LastChanged", Kind::Date),
        ("LastConfirmed", Kind::Date),
    ],
};

// ---- who and for whom -------------------------------------------------------------------------

/// Whoever has this number, as a parameter names it.
fn party<'w>(asked: &Asked<'w>, parameter: &str) -> Result<Party<'w>, Refusal> {
    let number = asked.parameter(parameter).unwrap_or_default();
    let unknown = || Refusal::bad_request(phrase_no_such_number(number));
    if number.parse::<PersonNumber>().is_ok() {
        // A number that is right and unknown is somebody who has never been there.
        let person = asked.world.person(number).filter(|p| !p.without_profile);
        return person.map(Party::Person).ok_or_else(|| {
            if asked.release() < release::OTHERS_ENTERPRISE_USERS {
                return unknown();
            }
            Refusal::bad_request(
                "User profile could not be found for ***********. User profile is created at first \
                 login to the Altinn.no portal",
            )
        });
    }
    if number.parse::<OrganisationNumber>().is_err() {
        return Err(unknown());
    }
    let organisation = asked.world.organisation(number);
    organisation.map(Party::Organisation).ok_or_else(unknown)
}

/// The subject, which is a person.
fn subject<'w>(asked: &Asked<'w>) -> Result<Party<'w>, Refusal> {
    let subject = party(asked, "subject")?;
    if matches!(subject, Party::Person(_)) {
        return Ok(subject);
    }
    let number = asked.parameter("subject").unwrap_or_default();
    Err(Refusal::bad_request(phrase_no_such_number(number)))
}

/// The address as it was asked for, query and all.
fn itself(asked: &Asked<'_>, place: &str) -> Link {
    let query = &asked.raw_query;
    Link::new(
        "self",
        format!("{}/serviceowner/{place}?{query}", asked.base),
    )
}

pub(super) fn reportees(asked: &Asked<'_>, _: &ServiceOwner, _: &[&str]) -> Outcome {
    let options = ListOptions::parse(&asked.query, &own::MODEL)?;
    let subject = subject(asked)?.uuid();
    let service = asked.service_parameters()?;
    let role = match asked.parameter("roleDefinitionId") {
        None => None,
        Some(id) => Some(
            id.parse::<i64>()
                .map_err(|_| Refusal::bad_request("Invalid role definition id"))?,
        ),
    };
    let (world, held) = (asked.world, &asked.held.altinn2);
    let people = world.persons.iter().map(Party::Person);
    let parties = people
        .chain(world.organisations.iter().map(Party::Organisation))
        .filter(|party| {
            let from = party.uuid();
            let active = !matches!(party, Party::Organisation(o) if o.inactive);
            let by_role = role.is_none_or(|id| {
                let held = held.roles_of(world, from, subject);
                held.iter().any(|role| role.definition.id == id)
            });
            let by_service = service.as_ref().is_none_or(|(code, edition)| {
                let held = held.rights_of(world, from, subject);
                held.iter()
                    .any(|r| r.service.code == *code && r.service.edition == *edition)
            });
            let by_app = asked.parameter("app").is_none_or(|app| {
                let held = held.app_rights_of(world, from, subject);
                held.iter().any(|r| r.app.name.eq_ignore_ascii_case(app))
            });
            let holds = from == subject || held.holds_anything(world, from, subject);
            active && holds && by_role && by_service && by_app
        })
        .filter_map(Party::subject)
        .collect();
    let items = options.apply(parties, Object::properties);
    let links = vec![itself(asked, "reportees")];
    Ok(asked.shape.ok(asked.shape.list("reportees", links, items)))
}

/// The subject, the reportee, and a bare array in both shapes.
fn both(asked: &Asked<'_>, key: &'static str, place: &str, items: Vec<Object>) -> Outcome {
    let (subject, reportee) = (subject(asked)?, party(asked, "reportee")?);
    let items: Vec<Json> = items.into_iter().map(Json::from).collect();
    let object = Object::new()
        .with_some("Subject", subject.subject())
        .with_some("Reportee", reportee.subject())
        .with(key, items);
    Ok(asked
        .shape
        .ok(asked.shape.item(object, vec![itself(asked, place)])))
}

/// To the owner's own services only.
pub(super) fn rights(asked: &Asked<'_>, owner: &ServiceOwner, _: &[&str]) -> Outcome {
    let options = ListOptions::parse(&asked.query, &RIGHT)?;
    let (subject, reportee) = (subject(asked)?, party(asked, "reportee")?);
    let held = &asked.held.altinn2;
    let held = held.rights_of(asked.world, reportee.uuid(), subject.uuid());
    let own = held
        .iter()
        .filter(|r| r.service.owner == owner.organisation);
    let items = options.apply(own.map(right_item).collect(), Object::properties);
    both(asked, "Rights", "authorization/rights", items)
}

pub(super) fn app_rights(asked: &Asked<'_>, owner: &ServiceOwner, _: &[&str]) -> Outcome {
    let options = ListOptions::parse(&asked.query, &APP_RIGHT)?;
    let (subject, reportee) = (subject(asked)?, party(asked, "reportee")?);
    let held = &asked.held.altinn2;
    let held = held.app_rights_of(asked.world, reportee.uuid(), subject.uuid());
    let own = held.iter().filter(|r| r.app.owner == owner.organisation);
    let items = own.map(|right| app_right_item(asked.shape, None, right));
    let items = options.apply(items.collect(), Object::properties);
    both(asked, "AppRights", "authorization/apprights", items)
}

/// Where a service owner finds role definitions: among the metadata, since 23.10.
fn definitions(asked: &Asked<'_>) -> String {
    let area = if asked.release() < release::METADATA_LINKS {
        "serviceowner"
    } else {
        "metadata"
    };
    format!("{}/{area}/roledefinitions", asked.base)
}

pub(super) fn roles(asked: &Asked<'_>, _: &ServiceOwner, _: &[&str]) -> Outcome {
    let options = ListOptions::parse(&asked.query, &ROLE)?;
    let (subject, reportee) = (subject(asked)?, party(asked, "reportee")?);
    let items = role_items(asked, &definitions(asked), reportee.uuid(), subject.uuid());
    let items = options.apply(items, Object::properties);
    let links = vec![itself(asked, "authorization/roles")];
    Ok(asked.shape.ok(asked.shape.list("roles", links, items)))
}

pub(super) fn role_definitions(asked: &Asked<'_>, _: &ServiceOwner, _: &[&str]) -> Outcome {
    let place = format!("{}/serviceowner/roledefinitions", asked.base);
    metadata::definition_list(asked, &place)
}

pub(super) fn role_definition(asked: &Asked<'_>, _: &ServiceOwner, path: &[&str]) -> Outcome {
    let place = format!("{}/serviceowner/roledefinitions", asked.base);
    metadata::definition(asked, &place, path.get(2))
}

// ---- organisations and how they are reached ---------------------------------------------------

fn place(asked: &Asked<'_>, organisation: &Organisation) -> String {
    let number = &organisation.number;
    format!("{}/serviceowner/organizations/{number}", asked.base)
}

fn latest(organisation: &Organisation) -> Option<&str> {
    let contacts = organisation.official_contacts.iter();
    contacts
        .flat_map(|c| [c.email_changed.as_deref(), c.mobile_changed.as_deref()])
        .flatten()
        .max()
}

/// `LastChanged`, `LastConfirmed` and `Type` are there even when they are `null`.
fn organization_object(organisation: &Organisation) -> Object {
    let changed = latest(organisation);
    Object::new()
        .with("Name", organisation.name.as_str())
        .with("OrganizationNumber", organisation.number.as_str())
        .with_null(
            "Type",
            Some(organisation.form.as_str()).filter(|f| !f.is_empty()),
        )
        .with_null("LastChanged", changed)
        .with_null("LastConfirmed", None::<&str>)
}

fn organization_links(asked: &Asked<'_>, organisation: &Organisation) -> Vec<Link> {
    let place = place(asked, organisation);
    vec![
        Link::new("self", place.as_str()),
        Link::new("personalcontacts", format!("{place}/personalcontacts")),
        Link::new("officialcontacts", format!("{place}/officialcontacts")),
    ]
}

pub(super) fn organizations(asked: &Asked<'_>, _: &ServiceOwner, _: &[&str]) -> Outcome {
    let options = ListOptions::within(&asked.query, &ORGANIZATION, ORGANIZATIONS)?;
    let expanded = match asked.parameter("$expand") {
        None => false,
        Some(name) if name.eq_ignore_ascii_case("OfficialContacts") => true,
        Some(name) => {
            return Err(Refusal::bad_request(format!(
                "Could not find a property named '{name}' on type \
                 'Altinn.SBL.AltinnWebAPI.Models.Organization'."
            )));
        }
    };
    let has = |o: &Organisation, wanted: Option<&str>, of: fn(&Contact) -> Option<&str>| {
        let contacts = || o.official_contacts.iter().chain(&o.personal_contacts);
        wanted.is_none_or(|wanted| contacts().any(|c| of(c).is_some_and(|has| same(has, wanted))))
    };
    let organisations: Vec<&Organisation> = asked
        .world
        .organisations
        .iter()
        .filter(|o| {
            has(o, asked.parameter("email"), |c| c.email.as_deref())
                && has(o, asked.parameter("phoneNumber"), |c| c.mobile.as_deref())
        })
        .collect();
    let items = options
        .apply(organisations, |o| organization_object(o).properties())
        .into_iter()
        .map(|o| {
            let object = organization_object(o);
            let object = if expanded {
                let contacts = o.official_contacts.iter().map(|c| Json::from(contact(c)));
                object.with("OfficialContacts", contacts.collect::<Vec<_>>())
            } else {
                object
            };
            asked.shape.item(object, organization_links(asked, o))
        })
        .collect();
    let href = format!("{}/serviceowner/organizations", asked.base);
    let list = asked
        .shape
        .list("organizations", vec![Link::new("self", href)], items);
    Ok(asked.shape.ok(list))
}

/// E-mail addresses know no case; a mobile number may have the country's code before it.
fn same(known: &str, wanted: &str) -> bool {
    let plain = |text: &str| text.trim().trim_start_matches("+47").to_lowercase();
    plain(known) == plain(wanted)
}

fn wanted<'w>(asked: &Asked<'w>, path: &[&str]) -> Result<&'w Organisation, Refusal> {
    let number = path.get(2).copied().unwrap_or_default();
    if number.parse::<OrganisationNumber>().is_err() {
        let phrase = format!("Invalid organization number: {number}");
        return Err(Refusal::bad_request(phrase));
    }
    asked
        .world
        .organisation(number)
        .ok_or_else(Refusal::not_found)
}

pub(super) fn organization(asked: &Asked<'_>, _: &ServiceOwner, path: &[&str]) -> Outcome {
    let organisation = wanted(asked, path)?;
    let links = organization_links(asked, organisation);
    Ok(asked
        .shape
        .ok(asked.shape.item(organization_object(organisation), links)))
}

/// The channel that is not there is empty: the number `""` and .NET's first day, the address left out
/// with `null` for its date.
fn contact(contact: &Contact) -> Object {
    Object::new()
        .with(
            "MobileNumber",
            contact.mobile.as_deref().unwrap_or_default(),
        )
        .with(
            "MobileNumberChanged",
            contact
                .mobile_changed
                .as_deref()
                .unwrap_or("0001-01-01T00:00:00"),
        )
        .with("EMailAddress", contact.email.as_deref().unwrap_or_default())
        .with_null("EMailAddressChanged", contact.email_changed.as_deref())
}

pub(super) fn official_contacts(asked: &Asked<'_>, _: &ServiceOwner, path: &[&str]) -> Outcome {
    let organisation = wanted(asked, path)?;
    let items = organisation.official_contacts.iter().map(contact).collect();
    let href = format!("{}/officialcontacts", place(asked, organisation));
    let links = vec![Link::new("self", href)];
    Ok(asked
        .shape
        .ok(asked.shape.list("officialcontacts", links, items)))
}

pub(super) fn personal_contacts(asked: &Asked<'_>, _: &ServiceOwner, path: &[&str]) -> Outcome {
    let organisation = wanted(asked, path)?;
    let service = asked.service_parameters()?;
    let role = asked.parameter("roleDefinitionCode");
    let (world, held) = (asked.world, &asked.held.altinn2);
    let from = organisation.party_uuid;
    let contacts_place = format!("{}/personalcontacts", place(asked, organisation));
    let contacts = organisation.personal_contacts.iter().filter_map(|c| {
        let person = world.person(c.person.as_ref()?.expose())?;
        Some((c, person))
    });
    let items = contacts
        .filter(|(_, person)| {
            let by_role = role.is_none_or(|code| {
                let held = held.roles_of(world, from, person.party_uuid);
                held.iter()
                    .any(|r| r.definition.code.eq_ignore_ascii_case(code))
            });
            let by_service = service.as_ref().is_none_or(|(code, edition)| {
                let held = held.rights_of(world, from, person.party_uuid);
                held.iter()
                    .any(|r| r.service.code == *code && r.service.edition == *edition)
            });
            by_role && by_service
        })
        .map(|(c, person)| {
            let id = person.reportee_id();
            let object = Object::new()
                .with("PersonalContactId", id.as_str())
                .with("Name", Party::Person(person).name())
                .with("SocialSecurityNumber", person.number.expose())
                .and(contact(c));
            let roles = Link::new("roles", format!("{contacts_place}/{id}/roles"));
            asked.shape.item(object, vec![roles])
        })
        .collect();
    let links = vec![Link::new("self", contacts_place.as_str())];
    Ok(asked
        .shape
        .ok(asked.shape.list("personalcontacts", links, items)))
}

/// The roles that a contact has for the organisation.
pub(super) fn contact_roles(asked: &Asked<'_>, _: &ServiceOwner, path: &[&str]) -> Outcome {
    let organisation = wanted(asked, path)?;
    let options = ListOptions::parse(&asked.query, &ROLE)?;
    let id = path.get(4).copied().unwrap_or_default();
    let person = asked.world.persons.iter().find(|p| p.reportee_id() == id);
    let contact = person.filter(|person| {
        let mut contacts = organisation.personal_contacts.iter();
        contacts.any(|c| c.person.as_ref() == Some(&person.number))
    });
    let person = contact.ok_or_else(Refusal::not_found)?;
    let from = organisation.party_uuid;
    let items = role_items(asked, &definitions(asked), from, person.party_uuid);
    let items = options.apply(items, Object::properties);
    let place = place(asked, organisation);
    let links = vec![Link::new(
        "self",
        format!("{place}/personalcontacts/{id}/roles"),
    )];
    Ok(asked.shape.ok(asked.shape.list("roles", links, items)))
}
