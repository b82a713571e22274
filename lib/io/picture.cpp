#include <clprobe/picture.hpp>

#include <fmt/format.h>

#include <stdexcept>

namespace clprobe {

std::string to_pgm(const Picture &picture) {
    if (picture.width == 0 || picture.grey.empty() || picture.grey.size() % picture.width != 0)
        throw std::invalid_argument("a picture's values do not fill its rows");
    std::string text =
        fmt::format("P5\n{} {}\n255\n", picture.width, picture.grey.size() / picture.width);
    text.append(picture.grey.begin(), picture.grey.end());
    return text;
}

} // namespace clprobe
