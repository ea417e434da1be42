// SPDX-License-Identifier: GPL-3.0-or-later
//! What is wrong with an answer of a live system, and why a request to it cannot be made, in words without a full stop.

use crate::host::{AnswerFault, GarbledAnswer, PrintError, RequestError, RequestPart, UnfitRequest};

use super::super::{
    i18n::{gettext, gettext_f},
    sanitize, size,
};

/// What is wrong with an answer.
pub(super) fn garbled_answer(why: &GarbledAnswer) -> String {
    match why {
        GarbledAnswer::Answer(error) => gettext_f(
            // Translators: a place in an answer, and what is wrong there.
            "byte {position} of the answer: {fault}",
            &[
                ("position", &error.at.to_string()),
                ("fault", &answer_fault(&error.fault)),
            ],
        ),
        GarbledAnswer::Place { name } => gettext_f("{name} is no place of a volume", &[("name", &sanitize(name))]),
    }
}

fn answer_fault(fault: &AnswerFault) -> String {
    match fault {
        AnswerFault::Cut => gettext("it ends too early"),
        AnswerFault::TooLong { limit } => gettext_f(
            "a part of it is longer than {limit} bytes",
            &[("limit", &limit.to_string())],
        ),
        AnswerFault::TooMany { limit } => gettext_f("it has more than {limit} parts", &[("limit", &limit.to_string())]),
        AnswerFault::NotText => gettext("it is not UTF-8"),
        AnswerFault::Kind { byte } => gettext_f(
            "no answer that this program knows begins with the byte {byte}",
            &[("byte", &hexadecimal(*byte))],
        ),
        AnswerFault::Missing { name } => gettext_f("{name} is missing", &[("name", &sanitize(name))]),
        AnswerFault::Twice { name } => gettext_f("{name} is there twice", &[("name", &sanitize(name))]),
        AnswerFault::Unknown { name } => gettext_f("{name} is not known", &[("name", &sanitize(name))]),
        AnswerFault::Value { name } => gettext_f("the value of {name} makes no sense", &[("name", &sanitize(name))]),
        AnswerFault::Escape => gettext("a backslash stands before something that it does not escape"),
    }
}

/// Why a request cannot be made.
pub(super) fn unfit_request(why: &UnfitRequest) -> String {
    match why {
        UnfitRequest::Request(RequestError::Empty { part }) => {
            gettext_f("{part} is missing", &[("part", &request_part(*part))])
        }
        UnfitRequest::Request(RequestError::Byte { part, at, byte }) => gettext_f(
            "{part} holds the byte {byte} at position {position}, which cannot be sent",
            &[
                ("part", &request_part(*part)),
                ("byte", &hexadecimal(*byte)),
                ("position", &at.to_string()),
            ],
        ),
        UnfitRequest::Request(RequestError::TooLong { bytes }) => gettext_f(
            "it would have {size}, and the system does not read that much",
            &[("size", &size(*bytes as u64))],
        ),
        UnfitRequest::Device(PrintError { name }) => gettext_f(
            "the value {name} of the device holds characters that the system does not take",
            &[("name", &sanitize(name))],
        ),
        UnfitRequest::NoSuchDeviceClass => gettext("there are no devices of this class here"),
    }
}

fn request_part(part: RequestPart) -> String {
    match part {
        RequestPart::Service => gettext("the name of the call"),
        RequestPart::Argument => gettext("the argument of the call"),
        RequestPart::Source => gettext("the name of the caller"),
        RequestPart::Destination => gettext("the name of the VM"),
    }
}

fn hexadecimal(byte: u8) -> String {
    format!("{byte:#04x}")
}
