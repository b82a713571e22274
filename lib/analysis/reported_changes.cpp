#include "analysis/reported_changes.hpp"
#include "model/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace clprobe {
namespace {

// What else is not as it was.

/// Sentences, each with the bases that it is true of.
class Differences {
public:
    explicit Differences(std::size_t bases) : bases_(bases) {}

    void of_base(std::size_t base) { base_ = base; }
    void add(std::string sentence) {
        const auto found = std::ranges::find(sentences_, sentence, &Sentence::text);
        if (found == sentences_.end())
            sentences_.push_back({std::move(sentence), base_, 1});
        else if (std::exchange(found->last, base_) != base_)
            ++found->count;
    }
    void compare(std::string_view what, const std::string &before, const std::string &now) {
        if (before != now)
            add(fmt::format("{}: {} before, {} now", what, before.empty() ? "none" : before,
                            now.empty() ? "none" : now));
    }
    [[nodiscard]] std::vector<std::string> sentences() const {
        std::vector<std::string> all;
        for (const Sentence &sentence : sentences_)
            all.push_back(
                sentence.count == bases_
                    ? sentence.text
                    : fmt::format("{} (in {} of {} bases)", sentence.text, sentence.count, bases_));
        return all;
    }

private:
    struct Sentence {
        std::string text;
        std::size_t last = 0; ///< the base that it was true of last
        std::size_t count = 0;
    };
    std::size_t bases_;
    std::size_t base_ = 0;
    std::vector<Sentence> sentences_;
};

/// The text of each kernel that a probe built, by its SHA-256.
std::map<std::string, std::set<std::string>> kernel_texts(const ProbeRecord &record) {
    std::map<std::string, std::set<std::string>> texts;
    for (const BuildRecord &build : record.builds)
        texts[build.kernel].insert(build.sha256);
    return texts;
}

/// "compute/fma_rate" or, of many, "compute/fma_rate, memory/tlb and 3 more probes".
std::string some_of(const std::vector<std::string> &probes) {
    constexpr std::size_t most = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, probes.size()); ++i)
        text += (i > 0 ? ", " : "") + probes[i];
    if (probes.size() > most)
        text += fmt::format(" and {} more", probes.size() - most);
    return text;
}

/// What differs in the records of some probes: "clock: events before, host now" of which.
using ByProbe = std::map<std::string, std::vector<std::string>>;

void compare_records(const ProbeRecord &before, const ProbeRecord &now, ByProbe &differing) {
    const auto compare = [&](const char *what, const std::string &was, const std::string &is) {
        if (was != is && !was.empty() && !is.empty())
            differing[fmt::format("{}: {} before, {} now", what, was, is)].push_back(now.probe);
    };
    compare("profile", before.profile, now.profile);
    compare("clock", before.clock.source, now.clock.source);
    const auto texts_before = kernel_texts(before);
    for (const auto &[kernel, texts] : kernel_texts(now))
        if (const auto found = texts_before.find(kernel);
            found != texts_before.end() && found->second != texts)
            differing["another kernel text"].push_back(kernel);
}

void compare_hosts(const HostInfo &before, const HostInfo &now, Differences &differences) {
    differences.compare("processor of the host", before.cpu, now.cpu);
    differences.compare("processors of the host", fmt::to_string(before.processors),
                        fmt::to_string(now.processors));
    differences.compare("system", before.system, now.system);
    std::set<std::string> names;
    for (const HostInfo *host : {&before, &now})
        for (const auto &[name, value] : host->environment)
            names.insert(name);
    const auto value_in = [](const HostInfo &host, const std::string &name) {
        const auto found = host.environment.find(name);
        return found == host.environment.end() ? std::string() : found->second;
    };
    for (const std::string &name : names)
        differences.compare(name, value_in(before, name), value_in(now, name));
}

const ProbeRecord *record_of(const DeviceRecord &device, const std::string &probe) {
    return pointer_to(device.probes, probe, &ProbeRecord::probe);
}

} // namespace

std::vector<std::string> differences_between(std::span<const ReportedDevice> bases,
                                             const ReportedDevice &now) {
    Differences differences(bases.size());
    for (std::size_t i = 0; i < bases.size(); ++i) {
        const auto &[report, record] = bases[i];
        differences.of_base(i);
        const DeviceInfo &was = record->device;
        const DeviceInfo &is = now.record->device;
        if (have_different_uuids(was, is)) // llvmpipe's is made of its driver's version
            differences.add(fmt::format("{}: UUID {} before, {} now",
                                        was.driver_version == is.driver_version
                                            ? "another device of the same name"
                                            : "another device, or another driver's UUID of it",
                                        was.uuid, is.uuid));
        differences.compare("driver", was.driver_version, is.driver_version);
        differences.compare("platform", was.platform + " " + was.platform_version,
                            is.platform + " " + is.platform_version);
        differences.compare("clprobe", report->tool_version, now.report->tool_version);
        compare_hosts(report->host, now.report->host, differences);
        ByProbe differing;
        for (const ProbeRecord &probe : now.record->probes)
            if (const ProbeRecord *before = record_of(*record, probe.probe))
                compare_records(*before, probe, differing);
        for (const auto &[what, probes] : differing)
            differences.add(fmt::format(
                "{} ({})", what,
                probes.size() == now.record->probes.size() ? "all probes" : some_of(probes)));
    }
    return differences.sentences();
}

namespace {

// Changes of status.

/// How many of the bases have a probe, or a finding, and in which status.
struct BaseStatus {
    std::size_t there = 0;
    std::size_t failed = 0;
    std::size_t measured = 0;

    void add(Status status) {
        ++there;
        failed += status == Status::failed ? 1 : 0;
        measured += status == Status::measured ? 1 : 0;
    }
    [[nodiscard]] bool never_failed() const { return there > 0 && failed == 0; }
    [[nodiscard]] bool mostly_measured() const { return 2 * measured > there; }
};

/// The new status of one finding, against that in the bases that ran its probe.
std::optional<StatusChange::Kind> kind_of(const BaseStatus &before, std::size_t bases_with_probe,
                                          Status now) {
    using Kind = StatusChange::Kind;
    if (now == Status::failed)
        return before.never_failed() ? std::optional(Kind::fails) : std::nullopt;
    if (now != Status::measured)
        return 2 * before.measured > bases_with_probe ? std::optional(Kind::lost) : std::nullopt;
    return before.measured == 0 ? std::optional(Kind::gained) : std::nullopt;
}

class StatusChanges {
public:
    StatusChanges(std::span<const ReportedDevice> bases,
                  std::span<const ReportedFindings *const> findings, const DeviceRecord &now,
                  const ReportedFindings &findings_now)
        : bases_(bases), findings_(findings), now_(now), findings_now_(findings_now) {}

    std::vector<StatusChange> all() {
        for (const ProbeRecord &record : now_.probes)
            add_record(record);
        std::set<std::string> gone;
        for (const ReportedDevice &base : bases_)
            for (const ProbeRecord &record : base.record->probes)
                if (record_of(now_, record.probe) == nullptr && gone.insert(record.probe).second &&
                    status_before(record.probe).mostly_measured())
                    add(Kind::lost, record.probe, "", "the new report does not have it");
        return std::move(changes_);
    }

private:
    using Kind = StatusChange::Kind;

    [[nodiscard]] BaseStatus status_before(const std::string &probe) const {
        BaseStatus status;
        for (const ReportedDevice &base : bases_)
            if (const ProbeRecord *record = record_of(*base.record, probe))
                status.add(record->status);
        return status;
    }
    void add(Kind kind, const std::string &probe, const std::string &key, std::string reason) {
        changes_.push_back({kind, probe, key, std::move(reason)});
    }
    void add_record(const ProbeRecord &record) {
        const BaseStatus before = status_before(record.probe);
        if (before.there == 0)
            return add(Kind::gained, record.probe, "", "no base has it");
        if (record.status == Status::failed && before.never_failed())
            return add(Kind::fails, record.probe, "", record.reason);
        std::set<std::string> keys;
        for (const ReportedFindings *findings : findings_)
            for (const auto &[key, finding] : *findings)
                if (finding.record->probe == record.probe)
                    keys.insert(key);
        for (const Finding &finding : record.findings)
            keys.insert(finding.key);
        for (const std::string &key : keys)
            add_finding(record, key, before.there);
    }
    void add_finding(const ProbeRecord &record, const std::string &key, std::size_t there) {
        BaseStatus before;
        bool at_its_level = false;
        for (const ReportedFindings *findings : findings_)
            if (const auto found = findings->find(key); found != findings->end()) {
                before.add(found->second.finding->status);
                at_its_level |=
                    findings_now_.contains(key) && same_level(*findings, findings_now_, key);
            }
        const auto found = findings_now_.find(key);
        const Finding *now = found == findings_now_.end() ? nullptr : found->second.finding;
        const Status status = now == nullptr ? Status::inconclusive : now->status;
        if (const auto kind = kind_of(before, there, status))
            return add(*kind, record.probe, key, reason_of(now));
        if (status == Status::measured && before.mostly_measured() && !at_its_level)
            add(Kind::lost, record.probe, key, "it is of another level than before");
    }
    static std::string reason_of(const Finding *now) {
        if (now == nullptr)
            return "the new report does not have it";
        if (now->status == Status::measured)
            return {};
        return fmt::format("{}{}{}", name(now->status), now->note.empty() ? "" : ": ", now->note);
    }

    std::span<const ReportedDevice> bases_;
    std::span<const ReportedFindings *const> findings_;
    const DeviceRecord &now_;
    const ReportedFindings &findings_now_;
    std::vector<StatusChange> changes_;
};

} // namespace

std::vector<StatusChange> status_changes(std::span<const ReportedDevice> bases,
                                         std::span<const ReportedFindings *const> findings,
                                         const DeviceRecord &now,
                                         const ReportedFindings &findings_now) {
    return StatusChanges(bases, findings, now, findings_now).all();
}

} // namespace clprobe
