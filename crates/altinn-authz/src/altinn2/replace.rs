//! Giving one thing in the place of another, as one call.

use crate::Error;
use crate::altinn2::client::Client;
use crate::altinn2::delegation::Delegation;
use crate::altinn2::grant::wanted;
use crate::altinn2::receiver::Receiver;
use crate::altinn2::who::Who;
use crate::altinn2::{Outcome, Report, What};

const OPERATION: &str = "give rights in the place of others";

impl Client {
    /// Gives, and then takes back what it replaces: nobody is without access in between.
    ///
    /// As [`grant`](Self::grant) and then [`revoke`](Self::revoke). Nothing is taken back unless all
    /// that is to be given is there; what was not tried is [`Skipped`](Outcome::Skipped) in the report.
    ///
    /// # Errors
    ///
    /// As [`grant`](Self::grant). [`InvalidInput`](crate::ErrorKind::InvalidInput) when something is to
    /// be given and taken back at once. Once something was given, everything is in the report.
    pub async fn replace(
        &self,
        who: impl Into<Who>,
        receiver: impl Into<Receiver>,
        give: impl IntoIterator<Item = Delegation>,
        take: impl IntoIterator<Item = Delegation>,
    ) -> Result<Report, Error> {
        let (who, receiver) = (who.into(), receiver.into());
        let give = wanted(OPERATION, give)?;
        let take = wanted(OPERATION, take)?;
        if take
            .iter()
            .any(|taken| give.iter().any(|given| overlap(given, taken)))
        {
            return Err(Error::input(
                OPERATION,
                "the same is to be given and to be taken back",
                "name it once: among what is given, or among what is taken back",
            ));
        }
        let mut report = self.grant(&who, &receiver, give).await?;
        if !report.is_complete() {
            for taken in take {
                report.add(What::TakeBack(taken), Outcome::Skipped);
            }
            return Ok(report);
        }
        // one who was found when something was given need not be looked for again
        let receiver = report.receiver().map_or(receiver, Receiver::from);
        match self.revoke(&who, receiver, take.clone()).await {
            Ok(taken) => report.append(taken),
            Err(error) if report.has_changed_anything() => {
                for taken in take {
                    report.add(What::TakeBack(taken), Outcome::Failed(error.clone()));
                }
            }
            Err(error) => return Err(error),
        }
        Ok(report)
    }
}

/// Whether taking the one would take some of the other.
fn overlap(given: &Delegation, taken: &Delegation) -> bool {
    match (given, taken) {
        (Delegation::Rights { service: a, .. }, Delegation::Service(b)) => a == b,
        (
            Delegation::Rights {
                service: a,
                actions: given,
            },
            Delegation::Rights {
                service: b,
                actions: taken,
            },
        ) => a == b && taken.iter().any(|action| given.contains(action)),
        _ => given == taken,
    }
}
