//! What became of a list of people to invite.

use leptos::prelude::*;

use super::chip::{Chip, Tone};
use crate::domain::invite::{InviteResult, Outcome};

/// What happened to each line of the list that was just sent.
#[component]
pub fn InviteResults(
    /// Line by line; nothing is shown without any.
    results: Vec<InviteResult>,
) -> impl IntoView {
    let sent = results.iter().filter(|result| result.outcome.is_sent()).count();
    let title = match sent {
        0 => "Nobody was invited".to_owned(),
        1 => "1 invite is on its way".to_owned(),
        many => format!("{many} invites are on their way"),
    };
    let row = |result: InviteResult| {
        let tone = match result.outcome {
            Outcome::Invited | Outcome::Renewed => Tone::Good,
            Outcome::AlreadyMember | Outcome::AlreadyInvited => Tone::Plain,
            Outcome::TooOften | Outcome::Invalid(_) => Tone::Bad,
        };
        let words = match result.outcome {
            Outcome::Invalid(_) => "Not invited".to_owned(),
            other => other.describe(),
        };
        let why = matches!(result.outcome, Outcome::Invalid(_)).then(|| result.outcome.describe());
        view! {
            <tr>
                <th scope="row">
                    <span class="row-title">{result.line}</span>
                    {why.map(|why| view! { <span class="row-note">{why}</span> })}
                </th>
                <td data-label="Result">
                    <Chip tone>{words}</Chip>
                </td>
            </tr>
        }
    };
    (!results.is_empty()).then(|| {
        view! {
            <section class="card" role="status" aria-labelledby="results">
                <div class="card-head">
                    <h2 class="card-title" id="results">
                        {title}
                    </h2>
                </div>
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Line"</th>
                            <th scope="col">"Result"</th>
                        </tr>
                    </thead>
                    <tbody>{results.into_iter().map(row).collect_view()}</tbody>
                </table>
            </section>
        }
    })
}
