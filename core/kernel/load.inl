// One stored value as a double.  In the including file's anonymous namespace, after
// float_math.inl.

inline double load(const void* data, DType type, int64_t i) {
  switch (type) {
    case DType::f64:
      return static_cast<const double*>(data)[i];
    case DType::f32:
      return static_cast<const float*>(data)[i];
    case DType::bf16:
      return from_bf16(static_cast<const uint16_t*>(data)[i]);
    case DType::f16:
      break;
  }
  return from_f16(static_cast<const uint16_t*>(data)[i]);
}
