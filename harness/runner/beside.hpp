#pragma once
#include "io/file.hpp"
#include "isolation.hpp"

#include <clprobe/json.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>

// What the programs beside clprobe have in common, which use a library that nothing else is to
// need: each reads a request from stdin and answers on the descriptor for messages, as a child of
// clprobe's own does.
namespace clprobe::runner {

inline void send_to_clprobe(const Json &message) {
    const std::string line = message.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    for (std::size_t sent = 0; sent < line.size();) {
        const auto count = ::write(message_descriptor, line.data() + sent, line.size() - sent);
        if (count <= 0)
            ::_exit(1); // the parent process is gone
        sent += static_cast<std::size_t>(count);
    }
}

/// The main function of such a program: has `serve` carry out the request that its `parent` made,
/// and sends {"error": ...} where that throws. Returns the exit status.
template <typename Serve>
int answer_clprobe(const char *command, const Serve &serve) {
    if (::fcntl(message_descriptor, F_SETFD, FD_CLOEXEC) != 0) {
        std::fprintf(stderr, "this program is for `%s`\n", command);
        return 2;
    }
    try {
        const Json request = parse_json(read_file("-"));
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // nobody waits for the result
        if (::getppid() != request.at("parent").get<int>())
            return 1;
        serve(request);
    } catch (const std::exception &error) {
        send_to_clprobe({{"error", error.what()}});
    }
    return 0;
}

} // namespace clprobe::runner
