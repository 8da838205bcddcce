use std::ffi::{c_char, CStr};
use std::fmt;

use sched_sys as sys;

/// What a call came to when it failed.
pub type Result<T> = std::result::Result<T, Error>;

/// A call that failed.  It changed nothing, wrote to no output tensor, and may be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// Which kind of error.
    pub status: Status,
    /// The sentence that says what is wrong and what is allowed.
    pub message: String,
}

impl Error {
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, message }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() {
            return f.write_str(self.status.name());
        }
        write!(f, "{}: {}", self.status.name(), self.message)
    }
}

impl std::error::Error for Error {}

macro_rules! statuses {
    ($($(#[doc = $doc:literal])* $name:ident = $code:ident,)*) => {
        /// The kinds of errors.  Their codes keep their numbers for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Status {
            $($(#[doc = $doc])* $name,)*
            /// A code that a newer library has and this crate does not know.
            Other(i32),
        }

        impl Status {
            /// Every kind that this crate knows.
            pub const ALL: &'static [Status] = &[$(Status::$name,)*];

            /// The kind of a code of the C ABI.  `SCHED_OK` is no error: `Other(0)`.
            pub fn from_code(code: i32) -> Self {
                match code {
                    $(sys::$code => Status::$name,)*
                    other => Status::Other(other),
                }
            }

            /// The code in the C ABI.
            pub fn code(self) -> i32 {
                match self {
                    $(Status::$name => sys::$code,)*
                    Status::Other(code) => code,
                }
            }
        }
    };
}

statuses! {
    /// An argument that cannot be: a tensor is missing, a count is negative.
    Argument = SCHED_ERROR_ARGUMENT,
    /// A struct's size is not one that the library knows: crate and library do not fit.
    StructSize = SCHED_ERROR_STRUCT_SIZE,
    /// The text is not valid JSON, or not UTF-8.
    Json = SCHED_ERROR_JSON,
    /// No such scheduler class or solver.
    UnknownClass = SCHED_ERROR_UNKNOWN_CLASS,
    /// The configuration has a key that does not belong.
    UnknownKey = SCHED_ERROR_UNKNOWN_KEY,
    /// A key has a value of the wrong JSON type.
    Type = SCHED_ERROR_TYPE,
    /// A value is not among those allowed.
    Value = SCHED_ERROR_VALUE,
    /// Two keys or options exclude each other.
    Conflict = SCHED_ERROR_CONFLICT,
    /// Number of steps, begin or end out of range.
    Steps = SCHED_ERROR_STEPS,
    /// Custom timesteps or sigmas are unusable.
    Timesteps = SCHED_ERROR_TIMESTEPS,
    /// An option that this method does not have.
    Option = SCHED_ERROR_OPTION,
    /// Batch or elements differ from those given at the start.
    Shape = SCHED_ERROR_SHAPE,
    /// An element type that is not supported here.
    Dtype = SCHED_ERROR_DTYPE,
    /// Tensors overlap in a way that is not allowed.
    Overlap = SCHED_ERROR_OVERLAP,
    /// Every step is done.
    Finished = SCHED_ERROR_FINISHED,
    /// A weight would be infinite or NaN.
    NotFinite = SCHED_ERROR_NOT_FINITE,
    /// A buffer is too small.
    Capacity = SCHED_ERROR_CAPACITY,
    /// Saved bytes are truncated or changed.
    Damaged = SCHED_ERROR_DAMAGED,
    /// Saved bytes belong to another configuration.
    Mismatch = SCHED_ERROR_MISMATCH,
    /// Valid, but not in this build.
    Unsupported = SCHED_ERROR_UNSUPPORTED,
    /// An allocation failed.
    Memory = SCHED_ERROR_MEMORY,
    /// A bug in the library: please report it.
    Internal = SCHED_ERROR_INTERNAL,
    /// The Vulkan device is gone; see [`State::can_continue`](crate::State::can_continue).
    DeviceLost = SCHED_ERROR_DEVICE_LOST,
    /// The Vulkan device has no memory left.
    DeviceMemory = SCHED_ERROR_DEVICE_MEMORY,
    /// Another failure of Vulkan, named in the sentence.
    Vulkan = SCHED_ERROR_VULKAN,
    /// Another call is inside the state.
    InUse = SCHED_ERROR_IN_USE,
}

impl Status {
    /// The code's name in the C ABI, "SCHED_ERROR_SHAPE" for example.
    pub fn name(self) -> &'static str {
        // SAFETY: takes any number; the string is static.
        unsafe { static_str(sys::sched_status_name(self.code())) }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The library's string; empty for NULL.
///
/// # Safety
///
/// `text` is NULL or a string that the library keeps for ever.
pub(crate) unsafe fn static_str(text: *const c_char) -> &'static str {
    if text.is_null() {
        return "";
    }
    // SAFETY: the caller's promise.  The library's own strings are UTF-8.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or("")
}

/// Room for the sentence of a call that has no state to keep it.
pub(crate) struct Message([c_char; Message::BYTES]);

impl Message {
    const BYTES: usize = 1024;
    pub(crate) const CAPACITY: u64 = Self::BYTES as u64;

    pub(crate) fn new() -> Self {
        Self([0; Self::BYTES])
    }

    /// Nothing may refer to the message until the call that it is given to is over.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut c_char {
        self.0.as_mut_ptr()
    }

    /// `Ok` for `SCHED_OK`, else the error with the sentence in this buffer, or with `otherwise`
    /// where the library left none.
    pub(crate) fn check_or(&self, code: sys::sched_status, otherwise: &str) -> Result<()> {
        if code == sys::SCHED_OK {
            return Ok(());
        }
        let sentence = match self.0[0] {
            0 => otherwise.to_string(),
            _ => chars_to_string(&self.0),
        };
        Err(Error::new(Status::from_code(code), sentence))
    }

    pub(crate) fn check(&self, code: sys::sched_status) -> Result<()> {
        self.check_or(code, "")
    }
}

/// A string in an array of C, up to its zero byte.
pub(crate) fn chars_to_string(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars
        .iter()
        .map(|c| *c as u8)
        .take_while(|byte| *byte != 0)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `Ok` for `SCHED_OK`, else the error with `sentence`.
pub(crate) fn check(code: sys::sched_status, sentence: &str) -> Result<()> {
    match code {
        sys::SCHED_OK => Ok(()),
        code => Err(Error::new(Status::from_code(code), sentence)),
    }
}
