//! The stories of a term: each a way a case goes, with what people get wrong on the way.

mod absence;
mod inquiry;
mod moving;
mod non_enrolment;
mod service;
mod slips;
mod year;

use super::script::Script;

/// A kind of story: its weight among its kind, its name, and the telling.
pub struct Story {
    /// How often it happens, relative to the others of its list.
    pub weight: u64,
    /// What it is called, for people who look for one.
    pub name: &'static str,
    /// Whether the student is referred a second time: then somebody must know the number (K5).
    pub again: bool,
    /// Whether it is carried over from the predecessor system: that happens when a year begins (K3).
    pub carries_over: bool,
    /// Writes its steps.
    pub tell: fn(&mut Script),
}

const fn story(weight: u64, name: &'static str, tell: fn(&mut Script)) -> Story {
    Story { weight, name, again: false, carries_over: false, tell }
}

const fn again(weight: u64, name: &'static str, tell: fn(&mut Script)) -> Story {
    Story { again: true, ..story(weight, name, tell) }
}

const fn carried(weight: u64, name: &'static str, tell: fn(&mut Script)) -> Story {
    Story { carries_over: true, ..story(weight, name, tell) }
}

/// How chronically absent students are referred, and what becomes of it (K1).
pub const CHRONIC_ABSENCE: &[Story] = &[
    story(40, "back to school", absence::back_to_school),
    story(14, "still at work when term ends", absence::still_at_work),
    story(8, "referred before the threshold", absence::with_a_history),
    story(7, "in-school provision first", moving::in_school_first),
    story(6, "another school now", absence::changes_school),
    story(5, "lives in another catchment", moving::lives_elsewhere),
    again(5, "referred twice", absence::referred_twice),
    again(5, "falls off the roll", absence::becomes_non_enrolled),
    story(4, "closed and opened again", absence::opened_again),
    story(3, "taught at home", absence::taught_at_home),
    again(3, "two cases on purpose", absence::two_on_purpose),
    story(4, "much is done", service::much_is_done),
    story(2, "an exemption", service::an_exemption),
    story(2, "the last resort", service::the_last_resort),
    story(2, "waits for capacity", service::waits_for_capacity),
    again(2, "referred again soon", service::referred_again_soon),
    carried(3, "carried over", service::carried_over),
];

/// How students who are enrolled nowhere are notified, and what becomes of it (K2).
pub const NON_ENROLMENT: &[Story] = &[
    story(34, "enrolled again", non_enrolment::enrolled_again),
    story(10, "enrolled all along", non_enrolment::enrolled_all_along),
    story(10, "gone overseas", non_enrolment::gone_overseas),
    story(8, "said to be overseas", non_enrolment::said_to_be_overseas),
    story(14, "hard to locate", inquiry::hard_to_locate),
    story(6, "out of the country", inquiry::out_of_the_country),
    story(4, "in, but gone", inquiry::in_but_gone),
    story(6, "a confirmed address elsewhere", moving::confirmed_address),
    story(4, "reasonable grounds", moving::reasonable_grounds),
    story(4, "given to the wrong provider", moving::wrong_provider),
    again(3, "reported twice", service::reported_twice),
];

/// What only a whole year has room for, beside the ways of [`CHRONIC_ABSENCE`].
pub const OF_A_YEAR: &[Story] = &[
    again(10, "comes back in another term", year::comes_back),
    story(6, "moves with the seasons", year::moves_with_the_seasons),
    story(5, "the register is months behind", year::register_months_behind),
    story(5, "written up when somebody leaves", year::written_up_later),
    again(4, "referred by two schools", year::referred_by_two_schools),
];
