// A call of a counter-based generator makes one number for each of several rows.  Everything is in
// the including file's anonymous namespace.

// Calls [from, to) of a row are wanted; call c writes to out[c + shift].
struct WantedRow {
  int64_t from, to, shift;
};

// What is wanted of elements [first, end), where a row has the elements start .. start + length.
inline WantedRow wanted_row(int64_t first, int64_t end, int64_t start, int64_t length) {
  const int64_t from = first > start ? first - start : 0;
  const int64_t to = end - start < length ? end - start : length;
  if (from >= to) return {0, 0, 0};
  return {from, to, start - first};
}

// each(from, to, wanted) for the longest stretches of calls of which the same rows are wanted:
// bit r of `wanted` is row r.
template <size_t rows, typename Each>
inline void for_each_stretch(const WantedRow (&row)[rows], Each each) {
  int64_t at = 0;
  for (;;) {
    int64_t next = INT64_MAX;
    unsigned wanted = 0;
    for (size_t r = 0; r < rows; ++r) {
      if (row[r].from > at && row[r].from < next) next = row[r].from;
      if (row[r].to > at && row[r].to < next) next = row[r].to;
      if (row[r].from <= at && at < row[r].to) wanted |= 1u << r;
    }
    if (next == INT64_MAX) return;
    if (wanted != 0) each(at, next, wanted);
    at = next;
  }
}

// The first `count` lanes.
inline void store_lanes(float* out, Floats values, int64_t count) {
  if (count >= kLanes) {
    memcpy(out, &values, sizeof values);
  } else {
    memcpy(out, &values, static_cast<size_t>(count) * sizeof(float));
  }
}
