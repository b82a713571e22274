#pragma once
#include <clprobe/levels.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes::buffer_bandwidth {

/// Names of the series and text attributes.
namespace entry {
inline constexpr const char *external = "read";
inline constexpr const char *walk = "walk";
inline constexpr const char *l1_race = "l1.race";
inline constexpr const char *l1 = "l1";
inline constexpr const char *stream_race = "stream.race";
inline constexpr const char *stream = "stream";
inline constexpr const char *too_small = "too_small";   ///< why a tiny run shows nothing
inline constexpr const char *no_streams = "no_streams"; ///< why some were not measured
} // namespace entry

constexpr std::size_t word = sizeof(std::uint32_t);

/// The program for vectors of that width.
[[nodiscard]] KernelVariant program_of(unsigned width);

/// The vectors to begin with: a processor's own, or the widest load of a GPU's work-item.
[[nodiscard]] unsigned usual_width(const DeviceInfo &device);

/// The probe's programs, one for each width of vectors, built when they are first needed.
class Programs {
public:
    explicit Programs(Bench &bench) : bench_(bench) {}

    [[nodiscard]] Bench &bench() const { return bench_; }
    [[nodiscard]] Kernel kernel(const std::string &name, unsigned width);
    /// Work-items of that kernel's work-groups: as many as are wanted, as far as it may have them.
    [[nodiscard]] std::size_t group_size(const std::string &name, unsigned width,
                                         std::size_t wanted);

private:
    Bench &bench_;
    std::map<unsigned, Program> programs_;
};

/// An array of random words on the device, `bytes` of them filled: each word is the difference of
/// the hashes of the next index and its own, so that the sum of any stretch is known at once.
struct Source {
    Buffer buffer;
    std::uint32_t salt = 0;
    std::size_t bytes = 0;

    /// Of `count` words from `index` on, modulo 2^32.
    [[nodiscard]] std::uint32_t sum(std::size_t index, std::size_t count) const;
};

/// An array of at most `bytes`, as much of it filled as can be within `seconds`.
[[nodiscard]] Source make_source(Programs &programs, std::size_t bytes, double seconds);

/// How a walk is launched: vectors of how many words, and work-groups of how many work-items.
struct WalkShape {
    unsigned width = 1;
    std::size_t local_size = 1;
    std::size_t groups = 1;

    static auto columns() {
        return std::tuple{column("width", &WalkShape::width),
                          column("local_size", &WalkShape::local_size),
                          column("groups", &WalkShape::groups)};
    }
    /// What a work-group reads in one trip, B: footprints are multiples of it.
    [[nodiscard]] std::size_t tile() const { return 8 * width * word * local_size; }
    bool operator==(const WalkShape &) const = default;
};

/// A walk of all work-groups through so many bytes.
struct WalkRow {
    std::size_t footprint = 0;
    WalkShape shape;

    static auto columns() {
        return std::tuple{column("footprint", &WalkRow::footprint, Unit::byte),
                          part(&WalkRow::shape), trips()};
    }
    /// Bytes that all work-groups together read in one trip.
    [[nodiscard]] double bytes_per_trip() const {
        return static_cast<double>(8 * word * shape.width) * static_cast<double>(shape.local_size) *
               static_cast<double>(shape.groups);
    }
};

/// Times walks: every work-group reads the same stretch of memory round and round, each from a
/// start of its own, so that every level of the hierarchy that holds the stretch delivers it.
class Walks {
public:
    Walks(Programs &programs, const Source &source)
        : programs_(programs), bench_(programs.bench()), source_(source) {}

    /// The largest footprint: there must be room for it to lie in different stretches.
    [[nodiscard]] std::size_t most() const { return source_.bytes / 8 * 7; }
    /// One block of samples, in another stretch of the array than the last. The footprint is a
    /// multiple of the shape's tile; `seconds` is how long the longest launch should take. Returns
    /// the bandwidth of the longest launch, B/s.
    double sample(Series &series, std::size_t footprint, const WalkShape &shape, int block,
                  double seconds);

private:
    struct Walk;
    [[nodiscard]] BoundLaunch launch(Walk &walk);
    [[nodiscard]] std::uint32_t trips_for(const BoundLaunch &launch, const WalkShape &shape,
                                          double seconds);

    Programs &programs_;
    Bench &bench_;
    const Source &source_;
    std::optional<Buffer> sums_;
    std::optional<double> launch_seconds_; ///< of a launch that walks next to nothing
    double seconds_per_byte_ = 0;          ///< of the last walk, beside that
};

/// What a kernel does with memory: `read` sums up one array, `write` fills one, `copy` reads one
/// and writes one, `triad` (a = b + s c, in integers) reads two and writes one.
enum class Operation { read, write, copy, triad };
inline constexpr Operation all_operations[] = {Operation::read, Operation::write, Operation::copy,
                                               Operation::triad};
inline constexpr std::array<const char *, 4> operation_names{"read", "write", "copy", "triad"};
[[nodiscard]] inline std::string name(Operation operation) {
    return operation_names[static_cast<std::size_t>(operation)];
}

/// How work-items share an array: as many work-groups as cover it once, each work-item taking a few
/// elements that lie a work-group's width apart; work-groups that step over it side by side; or a
/// stretch of it for each work-item.
enum class Layout { one_shot, strided, chunked };
inline constexpr std::array<const char *, 3> layout_names{"one_shot", "strided", "chunked"};

/// A kernel and how it is launched. `share` is the elements of a work-item where the layout is one
/// shot, else the number of work-groups.
struct StreamShape {
    Operation operation = Operation::read;
    Layout layout = Layout::one_shot;
    unsigned width = 1;
    std::size_t local_size = 1;
    std::size_t share = 8;

    /// Their times grow with the bytes of an array.
    static auto columns() {
        constexpr double most = 1 << 30;
        return std::tuple{column("operation", &StreamShape::operation, operation_names),
                          column("layout", &StreamShape::layout, layout_names),
                          column("width", &StreamShape::width).between(1, 16),
                          column("local_size", &StreamShape::local_size).between(1, most),
                          column("share", &StreamShape::share).between(1, most),
                          trips("bytes", Unit::byte)};
    }
    bool operator==(const StreamShape &) const = default;
};

/// Times streams over arrays in memory.
class Streams {
public:
    /// Over arrays as large as the source. What needs more arrays than the device has memory for is
    /// left out; `operations` are those that remain.
    Streams(Programs &programs, const Source &source, double fill_seconds);

    [[nodiscard]] std::vector<Operation> operations() const;
    /// The shape with work-groups as large as its kernel and the device allow.
    [[nodiscard]] StreamShape allowed(StreamShape shape) const;
    /// Lowers the arrays' size until a launch of the shape stays within the bench's bounds.
    void fit(const StreamShape &shape);
    /// One launch over this share of the arrays, its time going to `series`. Seconds.
    double sample(Series &series, const StreamShape &shape, double share, int block);

private:
    [[nodiscard]] BoundLaunch launch(const StreamShape &shape, std::size_t bytes);
    [[nodiscard]] std::uint32_t expected(Operation operation, std::size_t index,
                                         std::uint32_t nonce) const;

    Programs &programs_;
    Bench &bench_;
    const Source &source_;
    std::optional<Source> other_;
    std::optional<Buffer> to_;
    std::optional<Buffer> sums_;
    std::size_t bytes_ = 0;
};

void run_experiment(Bench &bench);
[[nodiscard]] std::vector<SeriesShape> series_shapes();

/// The series as a curve of bandwidths over the footprint.
[[nodiscard]] std::vector<CurvePoint> bandwidth_curve(const Dataset &data);

/// The levels of a curve of own walks. More memory is not faster to read: where a larger footprint
/// was (due to a prefetcher or an alignment, as at 512 KiB on one processor), it and the smaller
/// ones before it count with their common middle (isotonic regression, Barlow et al. 1972). A level
/// of less than half an octave is taken for a part of the fall around it, unless the points lie too
/// far apart to show more of it, and two that differ by less than a fifth for one where a slope
/// over both is nearer to the points.
[[nodiscard]] Levels falling_levels(const std::vector<CurvePoint> &measured);

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// What the data means: the levels by the curve over footprint, the first one's bandwidth by its
/// fastest shape, memory's by streams; suspect where a figure contradicts another.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::buffer_bandwidth
