#pragma once
#include <clprobe/device.hpp>
#include <clprobe/expectations.hpp>
#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// A finding, as what it is in its part of the chip: "latency", "read bandwidth".
struct DatasheetValue {
    std::string name;
    Finding finding; ///< with a value: measured or suspect
};

/// A part of the device, or what lies between it and the host, with all that was found of it.
struct DatasheetPart {
    /// From the inside out. `other` is what no other place is known for.
    enum class Place { unit, cache, memory, images, host, other };

    Place place = Place::other;
    std::string name; ///< "registers", "L1", "image L1", "memory"
    std::string path; ///< how a cache or a memory is reached: "buffer", "image", "constant"
    int level = 0;    ///< of a cache, from 1; 0 of anything else
    std::vector<DatasheetValue> values;

    /// The finding of that name, "size" say; null where there is none.
    [[nodiscard]] const Finding *find(std::string_view value) const;
};

/// A rate that people ask for first, and the highest one that the device reaches at such work,
/// where that was measured: an FMA rate for arithmetic, a bandwidth for what moves bytes.
struct DatasheetRate {
    std::string name; ///< "fma fp32"
    Finding finding;
    std::string roof;            ///< the key of that highest rate; empty where there is none
    std::optional<double> share; ///< of the roof, 1 being all of it
    bool headline = false;       ///< one of the six to show where there is no room for all
};

/// Something to know when writing a kernel for the device, made of these findings.
struct DatasheetNote {
    std::string topic; ///< "local size"
    std::string text;
    std::vector<std::string> keys;
};

/// What has no value, or none to rely on, for one reason, or reasons that differ in their numbers
/// only: the first of them.
struct DatasheetGap {
    Status status = Status::inconclusive;
    std::string reason;
    std::vector<std::string> keys; ///< of findings; of a probe that made none, its name
};

/// A device on one page: plain data, made of its findings alone. Names, texts and reasons may come
/// from a foreign report: escape them for the format that shows them.
struct Datasheet {
    DeviceInfo device;
    std::vector<DatasheetPart> parts; ///< from the inside out; only those with a value
    std::vector<DatasheetRate> rates; ///< the device's own roofs first
    std::vector<DatasheetNote> notes;
    std::vector<DatasheetGap>
        gaps; ///< last what is `suspect`: its values are in the parts and rates
    std::vector<CheckedExpectation> claims;

    /// The part of that name; null where there is none.
    [[nodiscard]] const DatasheetPart *find(std::string_view part) const;
};

/// What a report says of a device, as a datasheet: a pure function of the findings. Each finding
/// has its place by the family of its key, so that those of other probes have one too. Where a key
/// comes twice the later counts. Of what was checked it has the claims about this device.
[[nodiscard]] Datasheet datasheet_of(const DeviceRecord &record,
                                     std::span<const CheckedExpectation> checked = {});

} // namespace clprobe
