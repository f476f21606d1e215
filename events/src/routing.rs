//! R41: which provider a case goes to, from the effective-dated reference data.

use chrono::NaiveDate;

use crate::case::Case;
use crate::event::{AllocatedToProvider, AllocationBasis};
use crate::ids::Code;
use crate::reference::Reference;
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
        });
    }
    of_catchment(reference, catchment, AllocationBasis::SchoolCatchment, day)
}

/// Routes a NEN case: the catchment of the confirmed address, else of the last school.
pub fn of_notification(reference: &Reference, case: &Case, day: NaiveDate) -> Result<AllocatedToProvider, Refusal> {
    match case.confirmed_catchment {
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
    Ok(AllocatedToProvider { provider, catchment: Some(catchment), basis })
}
