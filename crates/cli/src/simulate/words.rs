//! What people write on a case; all of it made up, and all of it personal.

use serde_json::{Value, json};

use super::dice::Dice;

/// Why a school asks for support.
pub const REFERRAL: [&str; 7] = [
    "Whānau hui held twice; {name} agrees to come and then does not.",
    "Home visits by the deputy principal, breakfast club offered, no change since week three.",
    "{name} is worried about the bus. Nan would drive but her car failed its warrant.",
    "Two siblings are at home as well. Mum works nights and sleeps when school begins.",
    "Attendance plan in place since term one; the last three meetings were missed.",
    "{name} looks after a little brother with asthma on most mornings.",
    "Anxious after changing classes. The learning support coordinator has met {name} four times.",
];

/// What case managers and schools write in comments.
pub const COMMENT: [&str; 9] = [
    "Kōrero with {name} at the library; keen on the kapa haka group, that is a way in.",
    "Rang three times this week, no answer; left a message with the neighbour.",
    "Uniform is the barrier. Second-hand shop has the right size, pick-up on Friday.",
    "School offered a later start for two weeks; {name} came on three of four days.",
    "Met the dean. Maths first thing is the problem, timetable will be swapped.",
    "Father asks for a letter in Samoan; asked the community liaison to help.",
    "{name} moved to an aunty's place for now, ten minutes from the kura.",
    "Dentist arranged. Pain was keeping {name} up at night.",
    "Tino pai: a full week at school.",
];

/// The goals a plan sets.
pub const GOALS: [&str; 6] = [
    "Four days a week by the end of the month",
    "Someone to walk with in the morning",
    "Back to the woodwork class",
    "Sleep before ten on school nights",
    "A visit to the new school with whānau",
    "Meet the kaiārahi every Tuesday",
];

/// What people agree to do for it.
pub const ACTIONS: [&str; 5] = [
    "Pick-up at 8.15 by the youth worker for two weeks",
    "School sends work home on days away",
    "Bus card paid until the end of term",
    "Check-in by text on Sunday evening",
    "Nurse looks at the asthma plan",
];

/// Barriers, by code of the table that is in force without another policy (Q38).
pub const BARRIERS: [&str; 6] = ["TRANSPORT", "HEALTH", "SCHOOL", "UNIFORM", "DEVICE", "FOOD"];

/// Picks a sentence and puts a name in.
pub fn say(dice: &mut Dice, sentences: &[&str], name: &str) -> String {
    dice.pick(sentences).replace("{name}", name)
}

/// Wraps a text as a note.
pub fn note(text: impl Into<String>) -> Value {
    json!({"note": {"text": text.into()}})
}
