//! The stories of a term: each a way a case goes, with what people get wrong on the way.

mod absence;
mod inquiry;
mod moving;
mod non_enrolment;
mod service;
mod slips;

use super::script::Script;

/// A kind of story: its weight among its kind, its name, and the telling.
pub struct Story {
    /// How often it happens, relative to the others of its list.
    pub weight: u64,
    /// What it is called, for people who look for one.
    pub name: &'static str,
    /// Whether the student is referred a second time: then somebody must know the number (K5).
    pub again: bool,
    /// Writes its steps.
    pub tell: fn(&mut Script),
}

/// How chronically absent students are referred, and what becomes of it (K1).
pub const CHRONIC_ABSENCE: &[Story] = &[
    Story { weight: 40, name: "back to school", again: false, tell: absence::back_to_school },
    Story { weight: 14, name: "still at work when term ends", again: false, tell: absence::still_at_work },
    Story { weight: 8, name: "referred before the threshold", again: false, tell: absence::with_a_history },
    Story { weight: 7, name: "in-school provision first", again: false, tell: moving::in_school_first },
    Story { weight: 6, name: "another school now", again: false, tell: absence::changes_school },
    Story { weight: 5, name: "lives in another catchment", again: false, tell: moving::lives_elsewhere },
    Story { weight: 5, name: "referred twice", again: true, tell: absence::referred_twice },
    Story { weight: 5, name: "falls off the roll", again: true, tell: absence::becomes_non_enrolled },
    Story { weight: 4, name: "closed and opened again", again: false, tell: absence::opened_again },
    Story { weight: 3, name: "taught at home", again: false, tell: absence::taught_at_home },
    Story { weight: 3, name: "two cases on purpose", again: true, tell: absence::two_on_purpose },
    Story { weight: 4, name: "much is done", again: false, tell: service::much_is_done },
    Story { weight: 2, name: "an exemption", again: false, tell: service::an_exemption },
    Story { weight: 2, name: "the last resort", again: false, tell: service::the_last_resort },
    Story { weight: 2, name: "waits for capacity", again: false, tell: service::waits_for_capacity },
    Story { weight: 2, name: "referred again soon", again: true, tell: service::referred_again_soon },
    Story { weight: 3, name: "carried over", again: false, tell: service::carried_over },
];

/// How students who are enrolled nowhere are notified, and what becomes of it (K2).
pub const NON_ENROLMENT: &[Story] = &[
    Story { weight: 34, name: "enrolled again", again: false, tell: non_enrolment::enrolled_again },
    Story { weight: 10, name: "enrolled all along", again: false, tell: non_enrolment::enrolled_all_along },
    Story { weight: 10, name: "gone overseas", again: false, tell: non_enrolment::gone_overseas },
    Story { weight: 8, name: "said to be overseas", again: false, tell: non_enrolment::said_to_be_overseas },
    Story { weight: 14, name: "hard to locate", again: false, tell: inquiry::hard_to_locate },
    Story { weight: 6, name: "out of the country", again: false, tell: inquiry::out_of_the_country },
    Story { weight: 4, name: "in, but gone", again: false, tell: inquiry::in_but_gone },
    Story { weight: 6, name: "a confirmed address elsewhere", again: false, tell: moving::confirmed_address },
    Story { weight: 4, name: "reasonable grounds", again: false, tell: moving::reasonable_grounds },
    Story { weight: 4, name: "given to the wrong provider", again: false, tell: moving::wrong_provider },
    Story { weight: 3, name: "reported twice", again: true, tell: service::reported_twice },
];
