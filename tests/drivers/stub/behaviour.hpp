#pragma once

#include <map>
#include <string>
#include <string_view>

namespace stub {

/// What the environment variable CLPROBE_STUB asks of the driver: a comma-separated list of `name`
/// or `name=value`, as the table in README.md has them. An unknown name or a malformed number ends
/// the process with a message, since a test with a typing error would otherwise test nothing.
class Behaviour {
public:
    explicit Behaviour(std::string_view list);

    [[nodiscard]] bool asks(std::string_view name) const { return asked_.contains(name); }
    /// The value given with `name`; empty where the name stands alone or not at all.
    [[nodiscard]] std::string_view text(std::string_view name) const;
    [[nodiscard]] long long number(std::string_view name, long long otherwise) const;

private:
    std::map<std::string, std::string, std::less<>> asked_;
};

/// The behaviour asked of this process, read once.
[[nodiscard]] const Behaviour &behaviour();

/// Dies as a driver with a bad pointer would, whatever handlers the process has installed.
[[noreturn]] void crash();

} // namespace stub
