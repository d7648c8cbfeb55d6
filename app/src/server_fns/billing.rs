//! The form about who is written to about money.

use leptos::prelude::*;

use super::org;
use crate::backend::billing::BillingContact;
use crate::domain::names::{BillingName, Email, PostalAddress, TaxId};
use crate::error::{AppError, Check, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Changes the billing contact of an organization.
#[server(prefix = "/do", endpoint = "billing/save-contact")]
pub async fn save_billing_contact(
    org_slug: String,
    name: String,
    email: String,
    address: String,
    #[server(default)] tax_id: String,
) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let mut check = Check::default();
    let name = check.take(Field::Name, BillingName::parse(&name));
    let email = check.take(Field::Email, Email::parse(&email));
    let address = check.take(Field::PostalAddress, PostalAddress::parse(&address));
    let tax_id = match tax_id.trim() {
        "" => Some(None),
        text => check.take(Field::TaxId, TaxId::parse(text)).map(Some),
    };
    let ((name, email), (address, tax_id)) = check.finish(name.zip(email).zip(address.zip(tax_id)))?;
    request.backend.billing.save_contact(&request.caller, &slug, BillingContact { name, email, address, tax_id }).await?;
    request.visit.notify(Notice::Saved);
    http::redirect(&paths::org_usage(&slug));
    Ok(())
}
