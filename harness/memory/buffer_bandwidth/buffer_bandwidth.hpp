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

/// An array of random words on the device, `bytes` of them filled: each word is the difference of
/// the hashes of the next index and its own, so that the sum of any stretch is known at once.
struct Source {
    Buffer buffer;
    std::uint32_t salt = 0;
    std::size_t bytes = 0;

    /// Of `count` words from `index` on, modulo 2^32.
    [[nodiscard]] std::uint32_t sum(std::size_t index, std::size_t count) const;
};

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

/// What streams go over: as many arrays as the device has memory for, and of each so many bytes.
struct Arrays {
    Source from;
    std::optional<Buffer> to = {};
    std::optional<Source> other = {}; ///< which a triad reads as well
    std::size_t bytes = 0;

    [[nodiscard]] bool suffice_for(Operation operation) const {
        return operation == Operation::read ||
               (operation == Operation::triad ? other.has_value() : to.has_value());
    }
};

/// The most of these bytes that a launch of the shape covers to the last element, or the least that
/// it takes where that is more.
[[nodiscard]] std::size_t whole_launch(const StreamShape &shape, std::size_t bytes);

/// The kernels of the probe's programs, one for each width of vectors, built when they are first
/// needed, and their launches. Launches refer to it and to their arrays, which have to outlive
/// them.
class Launcher {
public:
    explicit Launcher(Bench &bench) : bench_(bench) {}

    /// Work-items of that kernel's work-groups: as many as are wanted, as far as it may have them.
    [[nodiscard]] std::size_t group_size(const std::string &kernel, unsigned width,
                                         std::size_t wanted);
    /// An array of at most `bytes`, as much of it filled as can be within `seconds`.
    [[nodiscard]] Source source(std::size_t bytes, double seconds);
    /// Adds what streams need beside the array that they read, filling it within `seconds`. What
    /// the device has no memory for is left out.
    void add_others(Arrays &arrays, double seconds);

    /// Every work-group reads the same stretch of memory round and round, each from a start of its
    /// own, so that every level of the hierarchy that holds the stretch delivers it. The stretch is
    /// another for each launch made; the footprint is a multiple of the shape's tile.
    [[nodiscard]] BoundLaunch walk(const Source &source, std::size_t footprint,
                                   const WalkShape &shape);
    [[nodiscard]] BoundLaunch stream(const Arrays &arrays, const StreamShape &shape,
                                     std::size_t bytes);

private:
    [[nodiscard]] Kernel kernel(const std::string &name, unsigned width);
    /// Memory for a word of each work-group.
    [[nodiscard]] const Buffer &sums(std::size_t groups);

    Bench &bench_;
    std::map<unsigned, Program> programs_;
    std::optional<Buffer> sums_;
};

/// The series as a curve of bandwidths over the footprint.
[[nodiscard]] std::vector<CurvePoint> bandwidth_curve(const Dataset &data);
/// The same for people.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);
[[nodiscard]] std::vector<Tuning> tunings_of(const Dataset &data);

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
