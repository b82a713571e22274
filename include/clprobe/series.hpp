#pragma once
#include <clprobe/units.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// What one coordinate of a series, or its measure, counts. An axis over names (the form of an
/// expression, say) lists them in `labels`; its coordinates are then indices into that list.
struct Axis {
    std::string name;
    Unit unit = Unit::one;
    std::vector<std::string> labels;

    bool operator==(const Axis &) const = default;
};

/// Repeated raw samples at one measurement point: one coordinate an axis, one sample a measurement,
/// in the order they were taken, in the measure's unit. `block` has one entry a sample where the
/// samples were taken in blocks spread over time (equal numbers belong together), and is empty
/// otherwise.
struct Point {
    std::vector<double> at;
    std::vector<double> samples;
    std::vector<int> block;

    bool operator==(const Point &) const = default;
};

/// A curve for people to look at, and the series that it is made of.
struct Curve {
    /// `y` is the middle of so many samples between these extremes; of no samples that are known,
    /// 0.
    struct Point {
        double x = 0;
        double y = 0;
        std::size_t samples = 0;
        double least = 0;
        double most = 0;
    };

    std::string series;
    Axis x;
    Axis y;
    std::vector<Point> points;
    /// Keys, as the probe lists them, of findings that are places on the x axis.
    std::vector<std::string> marks = {};
    std::string label = {}; ///< tells it from the probe's others of the same axes: "groups of 64"
};

/// A measure over two axes for people to look at: more is better.
struct HeatMap {
    struct Cell {
        double x = 0;
        double y = 0;
        double value = 0;
    };

    std::string title; ///< what it is of
    Axis x;
    Axis y;
    Axis value;
    std::vector<Cell> points;
};

/// What a search for the fastest kernel tried, for people to look at: more is better.
struct Tuning {
    struct Trial {
        std::string what; ///< "8 chains of float4, groups of 64"
        double value = 0;
    };

    std::string series;
    std::string title; ///< what it was of: "fp32"
    Axis value;
    std::vector<Trial> trials;
    /// Where everything was tried: the time of the best that was likely, over that of the best.
    std::optional<double> likely_over_best = {};
};

/// A picture that a probe's work makes: grey values, row after row.
struct Picture {
    std::size_t width = 0;
    std::vector<std::uint8_t> grey;

    bool operator==(const Picture &) const = default;
};

/// Raw samples over axes, as an experiment left them. The samples of a slope are times over an
/// axis named "trips".
struct Series {
    std::string name;
    std::vector<Axis> axes;
    Axis measure;
    std::vector<Point> points;

    /// The point at these coordinates, added (empty) where there is none yet.
    Point &point(const std::vector<double> &at);
    [[nodiscard]] const Point *find(const std::vector<double> &at) const;

    bool operator==(const Series &) const = default;
};

/// Everything one probe measured on one device: its series, and what else the interpretation needs
/// to know of the experiment (attributes: numbers in unscaled units, and texts), by name.
struct Dataset {
    std::vector<Series> series;
    std::map<std::string, double> number_attributes;
    std::map<std::string, std::string> text_attributes;

    [[nodiscard]] const Series *find(std::string_view name) const;
    /// The series of that name, added from `axes` and `measure` where there is none yet.
    Series &add(std::string_view name, std::vector<Axis> axes, Axis measure);
    [[nodiscard]] std::optional<double> number_attribute(const std::string &name) const;
    /// The text attribute of that name, or the empty string.
    [[nodiscard]] std::string text_attribute(const std::string &name) const;

    bool operator==(const Dataset &) const = default;
};

} // namespace clprobe
