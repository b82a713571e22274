#pragma once
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace clprobe {

/// The name of an OpenCL status code, "CL_OUT_OF_RESOURCES" for -5; "unknown OpenCL error" for a
/// code that no header names.
[[nodiscard]] std::string_view opencl_error_name(int code);

/// Something went wrong. Where OpenCL said so, `code` is its status, and the message names what was
/// being done and the code's symbolic name.
class Error : public std::runtime_error {
public:
    explicit Error(const std::string &message) : std::runtime_error(message) {}
    Error(std::string_view doing, int code);

    [[nodiscard]] std::optional<int> code() const { return code_; }

protected:
    Error(int code, const std::string &message) : std::runtime_error(message), code_(code) {}

private:
    std::optional<int> code_;
};

/// A kernel did not compile: the message names the kernel and its options and begins the log, `log`
/// is all that the driver's compiler said.
class BuildError : public Error {
public:
    BuildError(std::string_view kernel, std::string_view options, int code, std::string log);

    [[nodiscard]] const std::string &log() const { return log_; }

private:
    std::string log_;
};

/// The device lacks what is asked for; the message is the reason.
class Unsupported : public Error {
public:
    using Error::Error;
};

/// A file, a name or an argument from outside is wrong; the message names it and the way out.
class InputError : public Error {
public:
    using Error::Error;
};

/// The message for a name that is none of those known, with the nearest of them and where all are:
/// `no command is called "rnu" (did you mean run?); `clprobe --help` shows them all`. A known name
/// may stand for another, as a finding's key for its probe.
[[nodiscard]] std::string unknown_name(std::string_view what, std::string_view wrong,
                                       const std::map<std::string, std::string> &known,
                                       std::string_view all);

/// A kernel ran, but its output is not what the host computes: its time counts for nothing.
class VerificationError : public Error {
public:
    explicit VerificationError(const std::string &message) : Error("verification: " + message) {}
};

/// The run was asked to stop.
class Cancelled : public Error {
public:
    Cancelled() : Error("cancelled") {}
};

} // namespace clprobe
