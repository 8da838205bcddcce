use std::ffi::c_void;
use std::marker::PhantomData;

use sched_sys as sys;

use crate::{Error, Result, Status};

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// IEEE binary32.
    F32,
    /// IEEE binary16; arithmetic is float32.
    F16,
    /// bfloat16; arithmetic is float32.
    Bf16,
    /// IEEE binary64; only [`Kernel::Reference`](crate::Kernel::Reference).
    F64,
}

impl Dtype {
    pub(crate) fn code(self) -> sys::sched_dtype {
        match self {
            Dtype::F32 => sys::SCHED_F32,
            Dtype::F16 => sys::SCHED_F16,
            Dtype::Bf16 => sys::SCHED_BF16,
            Dtype::F64 => sys::SCHED_F64,
        }
    }
}

/// A tensor in the caller's memory that is only read: all values of all items, one item after
/// another.  Any inner shape is fine, since every method works element by element.
///
/// Slices, arrays and vectors of `f32` and `f64` become one by themselves, by reference; the
/// half types are slices of their bits, given to [`Tensor::f16`] and [`Tensor::bf16`].  Nothing
/// is copied.
#[derive(Debug, Clone, Copy)]
pub struct Tensor<'a> {
    data: *const c_void,
    len: usize,
    dtype: Dtype,
    memory: PhantomData<&'a [f64]>,
}

/// A tensor in the caller's memory that is written.  See [`Tensor`].
#[derive(Debug)]
pub struct TensorMut<'a> {
    data: *mut c_void,
    len: usize,
    dtype: Dtype,
    memory: PhantomData<&'a mut [f64]>,
}

// SAFETY: a shared slice of numbers, of which nothing but the type's name is erased.
unsafe impl Send for Tensor<'_> {}
// SAFETY: as above.
unsafe impl Sync for Tensor<'_> {}
// SAFETY: an exclusive slice of numbers, of which nothing but the type's name is erased.
unsafe impl Send for TensorMut<'_> {}
// SAFETY: as above; through a shared reference it cannot be written.
unsafe impl Sync for TensorMut<'_> {}

impl<'a> Tensor<'a> {
    fn of<T>(values: &'a [T], dtype: Dtype) -> Self {
        Self {
            data: values.as_ptr().cast(),
            len: values.len(),
            dtype,
            memory: PhantomData,
        }
    }

    /// The bits of IEEE binary16 numbers.
    pub fn f16(bits: &'a [u16]) -> Self {
        Self::of(bits, Dtype::F16)
    }

    /// The bits of bfloat16 numbers.
    pub fn bf16(bits: &'a [u16]) -> Self {
        Self::of(bits, Dtype::Bf16)
    }

    /// How many values there are, in all items together.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True where there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The element type.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The C struct of `batch` items.  The length must be a multiple of it.
    fn c_tensor(&self, batch: usize) -> sys::sched_tensor {
        c_tensor(self.data.cast_mut(), self.len, self.dtype, batch)
    }
}

impl<'a> TensorMut<'a> {
    fn of<T>(values: &'a mut [T], dtype: Dtype) -> Self {
        Self {
            data: values.as_mut_ptr().cast(),
            len: values.len(),
            dtype,
            memory: PhantomData,
        }
    }

    /// The bits of IEEE binary16 numbers.
    pub fn f16(bits: &'a mut [u16]) -> Self {
        Self::of(bits, Dtype::F16)
    }

    /// The bits of bfloat16 numbers.
    pub fn bf16(bits: &'a mut [u16]) -> Self {
        Self::of(bits, Dtype::Bf16)
    }

    /// How many values there are, in all items together.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True where there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The element type.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The C struct of `batch` items.  The length must be a multiple of it.
    fn c_tensor(&self, batch: usize) -> sys::sched_tensor {
        c_tensor(self.data, self.len, self.dtype, batch)
    }
}

fn c_tensor(data: *mut c_void, len: usize, dtype: Dtype, batch: usize) -> sys::sched_tensor {
    sys::sched_tensor {
        dtype: dtype.code(),
        data,
        batch: batch as i64,
        elements: (len / batch) as i64,
        ..Default::default()
    }
}

macro_rules! from_slices {
    ($($type:ident $dtype:ident,)*) => {$(
        impl<'a> From<&'a [$type]> for Tensor<'a> {
            fn from(values: &'a [$type]) -> Self {
                Self::of(values, Dtype::$dtype)
            }
        }
        impl<'a> From<&'a Vec<$type>> for Tensor<'a> {
            fn from(values: &'a Vec<$type>) -> Self {
                Self::of(values, Dtype::$dtype)
            }
        }
        impl<'a, const N: usize> From<&'a [$type; N]> for Tensor<'a> {
            fn from(values: &'a [$type; N]) -> Self {
                Self::of(values, Dtype::$dtype)
            }
        }
        impl<'a> From<&'a mut [$type]> for TensorMut<'a> {
            fn from(values: &'a mut [$type]) -> Self {
                Self::of(values, Dtype::$dtype)
            }
        }
        impl<'a> From<&'a mut Vec<$type>> for TensorMut<'a> {
            fn from(values: &'a mut Vec<$type>) -> Self {
                Self::of(values, Dtype::$dtype)
            }
        }
        impl<'a, const N: usize> From<&'a mut [$type; N]> for TensorMut<'a> {
            fn from(values: &'a mut [$type; N]) -> Self {
                Self::of(values, Dtype::$dtype)
            }
        }
    )*};
}

from_slices! {
    f32 F32,
    f64 F64,
}

impl<'a> From<&'a TensorMut<'_>> for Tensor<'a> {
    fn from(tensor: &'a TensorMut<'_>) -> Self {
        Self {
            data: tensor.data,
            len: tensor.len,
            dtype: tensor.dtype,
            memory: PhantomData,
        }
    }
}

impl<'a> From<&'a mut TensorMut<'_>> for TensorMut<'a> {
    fn from(tensor: &'a mut TensorMut<'_>) -> Self {
        Self {
            data: tensor.data,
            len: tensor.len,
            dtype: tensor.dtype,
            memory: PhantomData,
        }
    }
}

/// The shape that a state was given, against which every slice is measured before the library
/// sees its address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub batch: usize,
    pub elements: usize,
}

impl Shape {
    pub(crate) fn len(self) -> usize {
        self.batch * self.elements
    }

    #[cold]
    fn refuse(self, name: &str, len: usize, variance: bool) -> Error {
        let Shape { batch, elements } = self;
        let twice = if variance {
            ", or twice that where the variance is learned"
        } else {
            ""
        };
        Error::new(
            Status::Shape,
            format!(
                "{name} has {len} values; it must have {batch} * {elements} = {}{twice}",
                self.len()
            ),
        )
    }

    /// A sample-sized input.
    pub(crate) fn read(self, name: &str, tensor: Tensor<'_>) -> Result<sys::sched_tensor> {
        if tensor.len != self.len() {
            return Err(self.refuse(name, tensor.len, false));
        }
        Ok(tensor.c_tensor(self.batch))
    }

    /// A prediction.  Whether it brings a variance along, the library knows; it is told the
    /// length and refuses a wrong one.
    pub(crate) fn prediction(self, name: &str, tensor: Tensor<'_>) -> Result<sys::sched_tensor> {
        if tensor.len != self.len() && tensor.len / 2 != self.len() || tensor.len % self.len() != 0
        {
            return Err(self.refuse(name, tensor.len, true));
        }
        Ok(tensor.c_tensor(self.batch))
    }

    /// A sample-sized output.  The C struct is the only way to the memory until the call is over.
    pub(crate) fn write(self, name: &str, tensor: &TensorMut<'_>) -> Result<sys::sched_tensor> {
        if tensor.len != self.len() {
            return Err(self.refuse(name, tensor.len, false));
        }
        Ok(tensor.c_tensor(self.batch))
    }
}
