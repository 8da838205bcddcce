use std::ffi::CStr;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use sched_sys as sys;

use crate::catalog::{count, Method};
use crate::error::{static_str, Message};
use crate::{InitOptions, Result, State};

/// A scheduler: a configuration that was read and found right.  It is immutable; clones share
/// it, and any number of threads may use it at a time.
#[derive(Debug, Clone)]
pub struct Scheduler(Arc<Handle>);

#[derive(Debug)]
struct Handle(NonNull<sys::sched_scheduler>);

// SAFETY: the library promises that a scheduler is immutable and may be shared by any number
// of threads, and be freed by any.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: made by sched_create() and freed here only.
        unsafe { sys::sched_free(self.0.as_ptr()) }
    }
}

impl Scheduler {
    /// Reads a configuration: JSON text, UTF-8.  Either
    ///
    /// - a diffusers `scheduler_config.json`, where `_class_name` names the method and missing
    ///   keys take that class's defaults, or
    /// - our own composition, `{"solver": ..., "schedule": ..., "grid": ...,
    ///   "parameterization": ..., "quirks": [...]}`.
    ///
    /// A key that does not belong is an error, but for those that begin with `_`.
    ///
    /// # Errors
    ///
    /// [`Json`](crate::Status::Json), [`UnknownClass`](crate::Status::UnknownClass),
    /// [`UnknownKey`](crate::Status::UnknownKey), [`Type`](crate::Status::Type),
    /// [`Value`](crate::Status::Value), [`Conflict`](crate::Status::Conflict),
    /// [`Memory`](crate::Status::Memory).
    ///
    /// ```
    /// # use sched::{Scheduler, Status};
    /// let config = r#"{"_class_name": "DDIMScheduler", "timestep_spacing": "linspce"}"#;
    /// let error = Scheduler::new(config).unwrap_err();
    /// assert_eq!(error.status, Status::Value);
    /// assert!(error.message.contains("linspace | leading | trailing"));
    /// ```
    pub fn new(config: impl AsRef<[u8]>) -> Result<Self> {
        Self::create(config.as_ref(), false)
    }

    /// As [`Scheduler::new`], but unknown and unused keys become [warnings](Self::warnings), for
    /// published files that carry stray keys.
    ///
    /// # Errors
    ///
    /// Those of [`Scheduler::new`], but [`UnknownKey`](crate::Status::UnknownKey).
    pub fn lenient(config: impl AsRef<[u8]>) -> Result<Self> {
        Self::create(config.as_ref(), true)
    }

    fn create(config: &[u8], lenient: bool) -> Result<Self> {
        let mut message = Message::new();
        let options = sys::sched_create_options {
            lenient: i32::from(lenient),
            message: message.as_mut_ptr(),
            message_capacity: Message::CAPACITY,
            ..Default::default()
        };
        let mut out = ptr::null_mut();
        // SAFETY: the text is as long as said; `message` and `out` outlive the call.
        let code = unsafe {
            sys::sched_create(
                config.as_ptr().cast(),
                config.len() as u64,
                &options,
                &mut out,
            )
        };
        message.check(code)?;
        let handle = NonNull::new(out).expect("sched_create() gave no scheduler");
        Ok(Self(Arc::new(Handle(handle))))
    }

    pub(crate) fn as_ptr(&self) -> *const sys::sched_scheduler {
        self.0 .0.as_ptr()
    }

    /// Starts a loop: plans every step in float64, checks it, and reserves the memory that the
    /// method needs.  The state does not need this object to stay.
    ///
    /// # Errors
    ///
    /// [`Steps`](crate::Status::Steps), [`Timesteps`](crate::Status::Timesteps),
    /// [`Option`](crate::Status::Option), [`Conflict`](crate::Status::Conflict),
    /// [`Value`](crate::Status::Value), [`Shape`](crate::Status::Shape),
    /// [`Dtype`](crate::Status::Dtype), [`NotFinite`](crate::Status::NotFinite),
    /// [`Unsupported`](crate::Status::Unsupported), [`Memory`](crate::Status::Memory), and those
    /// of Vulkan.
    pub fn init(&self, options: &InitOptions<'_>) -> Result<State> {
        State::start(self, options)
    }

    /// Which method this is.
    pub fn method(&self) -> Method {
        // SAFETY: a valid handle.
        let index = unsafe { sys::sched_method(self.as_ptr()) };
        Method::at(index).expect("a scheduler has a method")
    }

    /// What [`Scheduler::lenient`] collected.
    pub fn warnings(&self) -> Vec<String> {
        // SAFETY: a valid handle; the strings live as long as it does, and are copied.
        unsafe {
            (0..sys::sched_warning_count(self.as_ptr()))
                .map(|index| sys::sched_warning(self.as_ptr(), index))
                .filter(|text| !text.is_null())
                .map(|text| CStr::from_ptr(text).to_string_lossy().into_owned())
                .collect()
        }
    }

    /// The quirks that are on: what diffusers does that a paper does not.  They come with
    /// diffusers files; our own composition has those that its key "quirks" lists.
    /// [`quirk_description`](crate::quirk_description) says what each does.
    pub fn quirks(&self) -> Vec<&'static str> {
        // SAFETY: a valid handle; names of quirks are static.
        unsafe {
            let number = count(sys::sched_quirk_count(self.as_ptr()));
            (0..number as i32)
                .map(|index| static_str(sys::sched_quirk(self.as_ptr(), index)))
                .collect()
        }
    }
}
