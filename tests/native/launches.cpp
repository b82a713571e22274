// clprobe_native_launches [ROUNDS]: what the calls of a launch take in a plain program without any
// of clprobe, on the first OpenCL device, as JSON by clprobe's keys, to hold host/launch against
// (tests/results/native_launches.py). No test.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr int singles = 100;
constexpr int burst = 50;
constexpr int argument_calls = 1000;
constexpr int finish_calls = 200;
constexpr int batch_lengths[] = {100, 200, 500, 1000};

void check(cl_int code, const char *what) {
    if (code != CL_SUCCESS) {
        std::fprintf(stderr, "%s: %d\n", what, code);
        std::exit(1);
    }
}

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

double quantile(std::vector<double> samples, double q) {
    if (samples.empty())
        return 0;
    std::sort(samples.begin(), samples.end());
    const double position = q * static_cast<double>(samples.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, samples.size() - 1);
    return samples[below] +
           (position - static_cast<double>(below)) * (samples[above] - samples[below]);
}

struct Program {
    cl_device_id device = nullptr;
    cl_context context = nullptr;
    cl_command_queue queue = nullptr;
    cl_command_queue profiled = nullptr;
    cl_mem count = nullptr;
    cl_uint counted = 0;

    void open() {
        cl_platform_id platform = nullptr;
        check(clGetPlatformIDs(1, &platform, nullptr), "clGetPlatformIDs");
        check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, nullptr), "clGetDeviceIDs");
        cl_int code = CL_SUCCESS;
        context = clCreateContext(nullptr, 1, &device, nullptr, nullptr, &code);
        check(code, "clCreateContext");
        queue = clCreateCommandQueue(context, device, 0, &code);
        check(code, "clCreateCommandQueue");
        profiled = clCreateCommandQueue(context, device, CL_QUEUE_PROFILING_ENABLE, &code);
        if (code != CL_SUCCESS)
            profiled = nullptr;
        count = clCreateBuffer(context, CL_MEM_READ_WRITE, sizeof counted, nullptr, &code);
        check(code, "clCreateBuffer");
        check(clEnqueueWriteBuffer(queue, count, CL_TRUE, 0, sizeof counted, &counted, 0, nullptr,
                                   nullptr),
              "clEnqueueWriteBuffer");
    }

    [[nodiscard]] cl_kernel build(unsigned factor) const {
        const std::string source = "kernel void count_launch(global uint *count, uint step) {\n"
                                   "    count[0] = count[0] + step * " +
                                   std::to_string(factor) + "u;\n}\n";
        const char *text = source.c_str();
        cl_int code = CL_SUCCESS;
        const cl_program program = clCreateProgramWithSource(context, 1, &text, nullptr, &code);
        check(code, "clCreateProgramWithSource");
        check(clBuildProgram(program, 1, &device, "", nullptr, nullptr), "clBuildProgram");
        const cl_kernel kernel = clCreateKernel(program, "count_launch", &code);
        check(code, "clCreateKernel");
        check(clSetKernelArg(kernel, 0, sizeof count, &count), "clSetKernelArg");
        const cl_uint step = 1;
        check(clSetKernelArg(kernel, 1, sizeof step, &step), "clSetKernelArg");
        return kernel;
    }

    void expect(cl_uint more) {
        counted += more;
        cl_uint found = 0;
        check(clEnqueueReadBuffer(queue, count, CL_TRUE, 0, sizeof found, &found, 0, nullptr,
                                  nullptr),
              "clEnqueueReadBuffer");
        if (found != counted) {
            std::fprintf(stderr, "%u launches in place of %u\n", found, counted);
            std::exit(1);
        }
    }
};

void enqueue(cl_command_queue queue, cl_kernel kernel, int times) {
    const std::size_t one = 1;
    for (int i = 0; i < times; ++i)
        check(clEnqueueNDRangeKernel(queue, kernel, 1, nullptr, &one, &one, 0, nullptr, nullptr),
              "clEnqueueNDRangeKernel");
}

void enqueue_with_events(cl_command_queue queue, cl_kernel kernel, int times) {
    const std::size_t one = 1;
    for (int i = 0; i < times; ++i) {
        cl_event event = nullptr;
        check(clEnqueueNDRangeKernel(queue, kernel, 1, nullptr, &one, &one, 0, nullptr, &event),
              "clEnqueueNDRangeKernel");
        check(clReleaseEvent(event), "clReleaseEvent");
    }
}

double batch(Program &program, cl_kernel kernel, int length) {
    const double start = now();
    enqueue(program.queue, kernel, length);
    check(clFinish(program.queue), "clFinish");
    const double seconds = now() - start;
    program.expect(static_cast<cl_uint>(length));
    return seconds;
}

/// The median over pairs of lengths, as clprobe has it in each of its rounds.
double slope_of_batches(Program &program, cl_kernel kernel) {
    std::vector<double> seconds;
    for (const int length : batch_lengths)
        seconds.push_back(batch(program, kernel, length));
    std::vector<double> slopes;
    for (std::size_t i = 0; i < seconds.size(); ++i)
        for (std::size_t j = i + 1; j < seconds.size(); ++j)
            slopes.push_back((seconds[j] - seconds[i]) / (batch_lengths[j] - batch_lengths[i]));
    return quantile(slopes, 0.5);
}

double stamp(cl_event event, cl_profiling_info what) {
    cl_ulong value = 0;
    check(clGetEventProfilingInfo(event, what, sizeof value, &value, nullptr),
          "clGetEventProfilingInfo");
    return 1e-9 * static_cast<double>(value);
}

struct Times {
    std::vector<double> round_trip;
    std::vector<double> dispatch;
    std::vector<double> device;
    std::vector<double> back_to_back;
    std::vector<double> enqueue;
    std::vector<double> set_argument;
    std::vector<double> event;
    std::vector<double> finish;
    std::vector<double> first;
};

void profiled_launches(Program &program, cl_kernel kernel, Times &times) {
    const std::size_t one = 1;
    for (int i = 0; i < singles; ++i) {
        cl_event event = nullptr;
        check(clEnqueueNDRangeKernel(program.profiled, kernel, 1, nullptr, &one, &one, 0, nullptr,
                                     &event),
              "clEnqueueNDRangeKernel");
        check(clFinish(program.profiled), "clFinish");
        const double start = stamp(event, CL_PROFILING_COMMAND_START);
        times.dispatch.push_back(start - stamp(event, CL_PROFILING_COMMAND_QUEUED));
        times.device.push_back(stamp(event, CL_PROFILING_COMMAND_END) - start);
        check(clReleaseEvent(event), "clReleaseEvent");
    }
    program.expect(singles);
}

void bursts(Program &program, cl_kernel kernel, Times &times) {
    std::vector<double> without;
    std::vector<double> with;
    for (int repetition = 0; repetition < 3; ++repetition) {
        double start = now();
        enqueue(program.queue, kernel, burst);
        without.push_back((now() - start) / burst);
        check(clFinish(program.queue), "clFinish");
        start = now();
        enqueue_with_events(program.queue, kernel, burst);
        with.push_back((now() - start) / burst);
        check(clFinish(program.queue), "clFinish");
        program.expect(2 * burst);
    }
    times.enqueue.push_back(quantile(without, 0.5));
    times.event.push_back(quantile(with, 0.5) - times.enqueue.back());
}

void calls(Program &program, cl_kernel kernel, Times &times) {
    double start = now();
    for (int i = 0; i < argument_calls; ++i) {
        const cl_uint value = static_cast<cl_uint>(i);
        check(clSetKernelArg(kernel, 1, sizeof value, &value), "clSetKernelArg");
    }
    times.set_argument.push_back((now() - start) / argument_calls);
    const cl_uint step = 1;
    check(clSetKernelArg(kernel, 1, sizeof step, &step), "clSetKernelArg");
    start = now();
    for (int i = 0; i < finish_calls; ++i)
        check(clFinish(program.queue), "clFinish");
    times.finish.push_back((now() - start) / finish_calls);
}

void round(Program &program, cl_kernel kernel, Times &times) {
    for (int i = 0; i < singles; ++i) {
        const double start = now();
        enqueue(program.queue, kernel, 1);
        check(clFinish(program.queue), "clFinish");
        times.round_trip.push_back(now() - start);
    }
    program.expect(singles);
    times.back_to_back.push_back(slope_of_batches(program, kernel));
    bursts(program, kernel, times);
    calls(program, kernel, times);
    if (program.profiled != nullptr)
        profiled_launches(program, kernel, times);
}

void print(const char *key, const std::vector<double> &samples, double q, const char *behind) {
    std::printf("    \"launch.%s\": %.4g%s\n", key, quantile(samples, q), behind);
}

} // namespace

int main(int argc, char **argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 24;
    if (argc > 2 || rounds < 1 || rounds > 10000) {
        std::fprintf(stderr, "usage: clprobe_native_launches [ROUNDS]\n");
        return 2;
    }
    Program program;
    program.open();
    const cl_kernel kernel = program.build(1);
    Times times;
    Times first_round;
    round(program, kernel, first_round); // what the driver sets up at first
    for (int i = 0; i < rounds; ++i) {
        round(program, kernel, times);
        if (i % 4 != 0)
            continue;
        const auto nonce = std::chrono::system_clock::now().time_since_epoch().count();
        const auto factor = static_cast<cl_uint>(nonce) | 3U;
        const cl_kernel fresh = program.build(factor);
        const double start = now();
        enqueue(program.queue, fresh, 1);
        check(clFinish(program.queue), "clFinish");
        times.first.push_back(now() - start);
        program.expect(factor);
    }
    std::printf("{\n");
    print("round_trip.p50", times.round_trip, 0.5, ",");
    print("round_trip.p90", times.round_trip, 0.9, ",");
    print("round_trip.p99", times.round_trip, 0.99, ",");
    print("dispatch.p50", times.dispatch, 0.5, ",");
    print("dispatch.p90", times.dispatch, 0.9, ",");
    print("dispatch.p99", times.dispatch, 0.99, ",");
    print("device.p50", times.device, 0.5, ",");
    print("device.p90", times.device, 0.9, ",");
    print("device.p99", times.device, 0.99, ",");
    print("back_to_back", times.back_to_back, 0.5, ",");
    print("enqueue", times.enqueue, 0.5, ",");
    print("set_argument", times.set_argument, 0.5, ",");
    print("event", times.event, 0.5, ",");
    print("finish", times.finish, 0.5, ",");
    print("first", times.first, 0.5, "");
    std::printf("}\n");
}
