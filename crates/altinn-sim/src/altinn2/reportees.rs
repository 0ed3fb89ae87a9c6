//! `reportees` and `reportees/ReporteeConversion` (wire facts, Altinn 2 §8.2).

use norwegian_ids::{OrganisationNumber, PersonNumber};

use super::answer::{Link, Object, Refusal};
use super::odata::{Kind, ListOptions, Model};
use super::parties::Party;
use super::{Call, Outcome, phrase_no_such_number, phrase_other_name, release, text};

pub(super) const MODEL: Model = Model {
    name: "Reportee",
    properties: &[
        ("ReporteeId", Kind::Text),
        ("Name", Kind::Text),
        ("Type", Kind::Text),
        ("SocialSecurityNumber", Kind::Text),
        ("OrganizationNumber", Kind::Text),
        ("ParentOrganizationNumber", Kind::Text),
        ("OrganizationForm", Kind::Text),
        ("Status", Kind::Text),
    ],
};

/// Whom the user can represent: the own party, and everyone who has given the user something.
fn represented<'w>(call: &Call<'w>) -> Vec<Party<'w>> {
    let world = call.world;
    let holder = call.user.holder.uuid();
    let organisations = world.organisations.iter().map(Party::Organisation);
    let people = world.persons.iter().map(Party::Person);
    people
        .chain(organisations)
        .filter(|party| {
            party.uuid() == call.user.my.uuid()
                || call
                    .held
                    .altinn2
                    .holds_anything(world, party.uuid(), holder)
        })
        .collect()
}

pub(super) fn list(call: &mut Call<'_>, _: &[&str]) -> Outcome {
    let options = ListOptions::parse(&call.query, &MODEL)?;
    let service = call.service_parameters()?;
    let app = call.parameter("app").map(str::to_owned);
    let inactive = call
        .parameter("includeInactiveReportees")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let role = match call.parameter("roleDefinitionId") {
        None => None,
        Some(id) => Some(
            id.parse::<i64>()
                .map_err(|_| Refusal::bad_request("Invalid role definition id"))?,
        ),
    };
    let (world, holder) = (call.world, call.user.holder.uuid());
    let parties = represented(call)
        .into_iter()
        .filter(|party| {
            let held = &call.held.altinn2;
            let by_role = role.is_none_or(|id| {
                held.roles_of(world, party.uuid(), holder)
                    .iter()
                    .any(|r| r.definition.id == id)
            });
            let by_service = service.as_ref().is_none_or(|(code, edition)| {
                held.rights_of(world, party.uuid(), holder)
                    .iter()
                    .any(|right| right.service.code == *code && right.service.edition == *edition)
            });
            let by_app = app.as_ref().is_none_or(|app| {
                held.app_rights_of(world, party.uuid(), holder)
                    .iter()
                    .any(|right| right.app.name.eq_ignore_ascii_case(app))
            });
            let active = inactive || !matches!(party, Party::Organisation(o) if o.inactive);
            by_role && by_service && by_app && active
        })
        .collect();
    let properties = |party: &Party<'_>| party.reportee().unwrap_or_default().properties();
    let items = options
        .apply(parties, properties)
        .into_iter()
        .filter_map(|party| party.linked_reportee(call.shape, &call.base))
        .collect();
    let links = vec![
        Link::templated("find", format!("{}/reportees/{{reporteeId}}", call.base)),
        Link::new("self", format!("{}/reportees", call.base)),
    ];
    Ok(call.shape.ok(call.shape.list("reportees", links, items)))
}

pub(super) fn one(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let wanted = path.last().and_then(|id| Party::by_id(call.world, id));
    let party = represented(call)
        .into_iter()
        .find(|party| wanted.is_some_and(|wanted| wanted.uuid() == party.uuid()))
        .ok_or_else(|| Refusal::forbidden("Forbidden"))?;
    let item: Object = party
        .linked_reportee(call.shape, &call.base)
        .ok_or_else(Refusal::not_found)?;
    Ok(call.shape.ok(item))
}

/// A number and the name that goes with it → the reportee, for anyone whose name matches.
pub(super) fn convert(call: &mut Call<'_>, _: &[&str]) -> Outcome {
    let members = call.members()?;
    let of = |number: &str, name: &str| text(&members, number).zip(text(&members, name));
    let person = of("socialsecuritynumber", "lastname");
    let organisation = of("organizationnumber", "organizationname");
    let party = match (person, organisation) {
        (Some((number, name)), None) => person_named(call, &number, &name)?,
        (None, Some((number, name))) => organisation_named(call, &number, &name)?,
        _ => {
            return Err(Refusal::bad_request(
                "Either SocialSecurityNumber and LastName, or OrganizationNumber and \
                 OrganizationName must be specified",
            ));
        }
    };
    if call.release() < release::CONVERSION_OF_ANYONE
        && !represented(call).iter().any(|p| p.uuid() == party.uuid())
    {
        return Err(Refusal::forbidden("Forbidden"));
    }
    Ok(call.shape.ok(party.reportee().unwrap_or_default()))
}

const ORGANIZATION: Model = Model {
    name: "Organization",
    properties: &[
        ("Name", Kind::Text),
        ("OrganizationNumber", Kind::Text),
        ("Type", Kind::Text),
    ],
};

/// The organisations whom the user can represent. Nobody has published a body; this is the service
/// owner's without its contacts.
pub(super) fn organizations(call: &mut Call<'_>, _: &[&str]) -> Outcome {
    let options = ListOptions::parse(&call.query, &ORGANIZATION)?;
    let organizations = represented(call)
        .into_iter()
        .filter_map(|party| organization_item(call, party))
        .collect();
    let items = options.apply(organizations, Object::properties);
    let links = vec![Link::new("self", format!("{}/organizations", call.base))];
    Ok(call
        .shape
        .ok(call.shape.list("organizations", links, items)))
}

pub(super) fn organization(call: &mut Call<'_>, path: &[&str]) -> Outcome {
    let number = path.last().copied().unwrap_or_default();
    let mut parties = represented(call).into_iter();
    let party = parties.find(|p| matches!(p, Party::Organisation(o) if o.number == number));
    let item = party.and_then(|party| organization_item(call, party));
    Ok(call
        .shape
        .ok(item.ok_or_else(|| Refusal::forbidden("Forbidden"))?))
}

fn organization_item(call: &Call<'_>, party: Party<'_>) -> Option<Object> {
    let Party::Organisation(organisation) = party else {
        return None;
    };
    let (base, number) = (&call.base, &organisation.number);
    let links = vec![
        Link::new("self", format!("{base}/organizations/{number}")),
        Link::new("messages", format!("{base}/{number}/messages")),
        Link::new("profile", format!("{base}/{number}/profile")),
    ];
    let object = Object::new()
        .with("Name", organisation.name.as_str())
        .with("OrganizationNumber", number.as_str())
        .with("Type", organisation.form.as_str());
    Some(call.shape.item(object, links))
}

/// The person with this number, if that is the last name.
pub(super) fn person_named<'w>(
    call: &Call<'w>,
    number: &str,
    last_name: &str,
) -> Result<Party<'w>, Refusal> {
    if number.parse::<PersonNumber>().is_err() {
        return Err(Refusal::bad_request(phrase_no_such_number(number)));
    }
    call.world
        .person(number)
        .filter(|person| same_name(&person.last_name, last_name))
        .map(Party::Person)
        .ok_or_else(|| Refusal::bad_request(phrase_other_name(number, last_name)))
}

/// The organisation with this number, if that is its name.
pub(super) fn organisation_named<'w>(
    call: &Call<'w>,
    number: &str,
    name: &str,
) -> Result<Party<'w>, Refusal> {
    if number.parse::<OrganisationNumber>().is_err() {
        return Err(Refusal::bad_request(phrase_no_such_number(number)));
    }
    call.world
        .organisation(number)
        .filter(|organisation| same_name(&organisation.name, name))
        .map(Party::Organisation)
        .ok_or_else(|| Refusal::bad_request(phrase_other_name(number, name)))
}

pub(super) fn same_name(registered: &str, given: &str) -> bool {
    registered.trim().to_lowercase() == given.trim().to_lowercase()
}
