#pragma once
#include <clprobe/network.hpp>

#include <filesystem>

namespace clprobe::runner {

/// The network of an ONNX model, which another program reads (harness/onnx): a file may crash that.
/// Says on stderr what of the model is left out. Throws InputError, naming the file and what is
/// wrong: it is no model, some of its nodes have no kernel, or the program was not built.
[[nodiscard]] Network read_onnx(const std::filesystem::path &file);

} // namespace clprobe::runner
