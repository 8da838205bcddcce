#include "places.hpp"

namespace {

constexpr int kPlaces = 5;
// Beyond the caches stores are waited for in any place.
constexpr int64_t kMostPlaced = int64_t{1} << 20;

}  // namespace

Measured measure_in_places(int arrays, int64_t elements, const MakeContestants& make,
                           const Patience& patience) {
  const int places = elements <= kMostPlaced ? kPlaces : 1;
  Patience each = patience;
  each.seconds /= places;
  each.least_rounds = (patience.least_rounds + places - 1) / places;
  Measured all;
  for (int place = 0; place < places; ++place) {
    const Arrays memory(arrays, static_cast<std::size_t>(elements) * sizeof(float), place);
    all.append(measure(make(memory), each));
  }
  return all;
}
