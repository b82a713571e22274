// The library's images on devices that have none, or not all.

#include "on_stub.hpp"

#include <clprobe/context.hpp>
#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// What comes of asking for that image: "made", or the kind of error and its message.
std::string asked_for(const std::string &behaviour, const ImageShape &shape) {
    return on_stub(behaviour, [&] {
        const Context context(enumerate().at(0));
        try {
            static_cast<void>(context.image(shape));
            return std::string("made");
        } catch (const Unsupported &error) {
            return std::string("unsupported: ") + error.what();
        } catch (const Error &error) {
            return std::string("error: ") + error.what();
        }
    });
}

constexpr ImageShape shape{{CL_RGBA, CL_FLOAT}, 64, 16};

} // namespace

TEST_CASE("driver.image.what_a_device_lacks_is_unsupported_and_named") {
    CHECK(asked_for("", shape) == "made");
    CHECK(asked_for("no_images", shape) ==
          "unsupported: creating an RGBA32F image of 64 x 16 texels: the device has no images");
    CHECK_THAT(asked_for("version=1.1", shape),
               ContainsSubstring("unsupported: ") && ContainsSubstring("OpenCL 1.1"));
    CHECK_THAT(asked_for("formats=1", shape),
               ContainsSubstring("unsupported: ") && ContainsSubstring("CL_IMAGE_FORMAT_NOT_"));
    CHECK_THAT(asked_for("", {shape.format, 8193, 1}),
               ContainsSubstring("unsupported: ") && ContainsSubstring("8192 x 8192"));
}

TEST_CASE("driver.image.what_a_device_refuses_is_an_error") {
    CHECK_THAT(asked_for("oom=4096", shape),
               ContainsSubstring("error: ") &&
                   ContainsSubstring("CL_MEM_OBJECT_ALLOCATION_FAILURE"));
    CHECK_THAT(asked_for("image_error=-5", shape),
               ContainsSubstring("error: ") && ContainsSubstring("CL_OUT_OF_RESOURCES"));
}

TEST_CASE("driver.image.formats_are_listed_where_there_are_images") {
    const auto count = [](const std::string &behaviour) {
        return on_stub(behaviour, [] {
            return std::to_string(Context(enumerate().at(0)).image_formats(2).size());
        });
    };
    CHECK(count("") == "9");
    CHECK(count("formats=2") == "2");
    CHECK(count("no_images") == "0");
    CHECK(count("version=1.1") == "0");
}
