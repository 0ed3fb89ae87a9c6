//! The list of what the simulator must not offer, walked: each call is made by somebody who may do
//! everything else.

use altinn_sim::Host;
use altinn_sim::not_offered::NOT_OFFERED;
use reqwest::Method;
use serde_json::json;

use crate::altinn::{ALL_ALTINN2, ALL_CONNECTIONS, Altinn, CONNECTIONS, send};

#[tokio::test]
async fn each_is_turned_away() {
    let altinn = Altinn::start().await;
    let customer = altinn.customer();
    let everything = format!("altinn:accessmanagement/authorizedparties {ALL_CONNECTIONS}");
    let system_user = altinn.system_user(&everything).await;
    let enterprise_user = altinn.enterprise_user("sneglebruker", ALL_ALTINN2).await;
    let key = altinn.api_key("vendor");
    for missing in NOT_OFFERED {
        let method = Method::from_bytes(missing.method.as_bytes()).unwrap();
        let request = match missing.host {
            Host::Platform => {
                let path = missing.path.replace("{customer}", &customer);
                altinn.platform(method, &path).bearer_auth(&system_user)
            }
            Host::Altinn2 => {
                let path = missing
                    .path
                    .replace("{customer}", &altinn.sim.cast().customer);
                altinn
                    .altinn2(method, &path)
                    .bearer_auth(&enterprise_user)
                    .header("ApiKey", &key)
            }
            Host::Maskinporten => {
                let place = altinn.sim.maskinporten_issuer();
                let place = place.trim_end_matches('/');
                let http = crate::client::http();
                let request = http.request(method, format!("{place}{}", missing.path));
                request.bearer_auth(&system_user)
            }
            Host::IdPorten => {
                let place = altinn.sim.id_porten_issuer();
                let http = crate::client::http();
                let request = http.request(method, format!("{place}{}", missing.path));
                request.bearer_auth(&system_user)
            }
            host => panic!("no caller for {host}"),
        };
        let answer = send(
            request
                .header("Accept", "application/hal+json")
                .json(&json!({})),
        )
        .await;
        assert!(
            missing.refusals.contains(&answer.status),
            "{}: {answer:?}",
            missing.what
        );
        let uuid_leaked = answer.body.contains(&customer);
        assert!(!uuid_leaked, "{}: {answer:?}", missing.what);
    }
    // the same caller is not turned away from what there is
    let path = format!("{CONNECTIONS}?party={customer}&from={customer}");
    let answer = send(altinn.platform(Method::GET, &path).bearer_auth(system_user)).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn no_header_or_parameter_asks_for_an_error() {
    let altinn = Altinn::start().await;
    let token = altinn
        .system_user("altinn:accessmanagement/authorizedparties")
        .await;
    let path = format!("{}?fault=503&status=500&error=true", crate::altinn::PARTIES);
    let request = altinn.platform(Method::GET, &path).bearer_auth(token);
    let request = request
        .header("X-Fault", "503")
        .header("Prefer", "status=500");
    assert_eq!(send(request).await.status, 200);
}
