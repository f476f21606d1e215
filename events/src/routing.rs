//! R41: which provider a case goes to, from the effective-dated reference data.

use chrono::NaiveDate;

use crate::case::Case;
use crate::event::{AllocatedToProvider, AllocationBasis};
use crate::ids::Code;
use crate::reference::{ProviderKind, Reference};
use crate::refusal::Refusal;

/// Routes a CA case: the school's in-school provider where it chose it, else the provider of its catchment.
pub fn of_school(
    reference: &Reference,
    school: Code,
    in_school: bool,
    day: NaiveDate,
) -> Result<AllocatedToProvider, Refusal> {
    let catchment = reference.catchment_of(school, day).ok_or(Refusal::UnknownSchool { school })?;
    if in_school {
        let provider = reference.in_school_provider_of(school, day).ok_or(Refusal::NoInSchoolProvider { school })?;
        return Ok(AllocatedToProvider {
            provider,
            catchment: Some(catchment),
            basis: AllocationBasis::InSchoolProvider,
            in_school: true,
        });
    }
    of_catchment(reference, catchment, AllocationBasis::SchoolCatchment, day)
}

/// Routes a NEN case: the catchment of the confirmed address, else of the last school.
pub fn of_notification(reference: &Reference, case: &Case, day: NaiveDate) -> Result<AllocatedToProvider, Refusal> {
    match case.confirmed_catchment() {
        Some(catchment) => of_catchment(reference, catchment, AllocationBasis::ConfirmedAddress, day),
        None => {
            let school = case.school;
            let catchment = reference.catchment_of(school, day).ok_or(Refusal::UnknownSchool { school })?;
            of_catchment(reference, catchment, AllocationBasis::LastSchoolCatchment, day)
        }
    }
}

/// Routes to the provider that serves a catchment on a day.
pub fn of_catchment(
    reference: &Reference,
    catchment: Code,
    basis: AllocationBasis,
    day: NaiveDate,
) -> Result<AllocatedToProvider, Refusal> {
    let provider = reference.provider_of(catchment, day).ok_or(Refusal::NoProvider { catchment })?;
    Ok(AllocatedToProvider { provider, catchment: Some(catchment), basis, in_school: false })
}

/// Routes to a provider that CIT names, for the catchment it names; else for the one of the confirmed address, of the
/// case, or the only one the provider serves.
pub fn by_cit(
    reference: &Reference,
    case: &Case,
    provider: Code,
    catchment: Option<Code>,
    day: NaiveDate,
) -> Result<AllocatedToProvider, Refusal> {
    let served = reference.catchments_of(provider, day);
    let kind = reference.provider(provider, day).ok_or(Refusal::UnknownProvider { provider })?;
    let catchment = match catchment {
        Some(named) if served.contains(&named) => named,
        Some(named) => return Err(Refusal::DoesNotServe { provider, catchment: named }),
        None => {
            let near = [case.confirmed_catchment(), case.catchment].into_iter().flatten();
            let only = served.first().copied().filter(|_| served.len() == 1);
            near.filter(|near| served.contains(near)).chain(only).next().ok_or(Refusal::CatchmentNeeded { provider })?
        }
    };
    let in_school = kind == ProviderKind::InSchool;
    Ok(AllocatedToProvider { provider, catchment: Some(catchment), basis: AllocationBasis::Cit, in_school })
}
