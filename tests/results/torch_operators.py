#!/usr/bin/env python3
"""What PyTorch takes for the operators of workloads/*: torch_operators.py

On the first CUDA device, in single precision (TF32 off), each operator many times in a CUDA graph,
so that no launch from Python counts. Prints microseconds by clprobe's names; of a convolution with
bias and ReLU those of its faster layout. RepVGG-A2 is run as it is deployed, with random weights.
"""
import torch

CONVOLUTIONS = (
    # input channels, output channels, side of the input, kernel, stride
    (64, 64, 56, 3, 1),
    (96, 96, 56, 3, 1),
    (192, 192, 28, 3, 1),
    (384, 384, 14, 3, 1),
    (1408, 1408, 7, 3, 1),
    (64, 96, 112, 3, 2),
    (96, 192, 56, 3, 2),
    (192, 384, 28, 3, 2),
    (384, 1408, 14, 3, 2),
    (512, 512, 14, 1, 1),
    (3, 64, 224, 3, 2),
    (3, 64, 224, 7, 2),
)
REPVGG_A2 = ((3, 64, 1), (64, 96, 2), (96, 192, 4), (192, 384, 14), (384, 1408, 1))  # stages


def microseconds(call, calls=20, rounds=20):
    """Of one call, in the fastest of the rounds."""
    for _ in range(10):
        call()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(calls):
            call()
    best = float("inf")
    for _ in range(rounds):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        best = min(best, start.elapsed_time(end) / calls)
    return 1e3 * best


def convolution(inputs, outputs, side, kernel, stride, layout):
    layer = torch.nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2).cuda().to(memory_format=layout)
    image = torch.randn(1, inputs, side, side, device="cuda").to(memory_format=layout)
    return microseconds(lambda: torch.relu_(layer(image)))


ATTENTION = ((6, 197, 64, False), (8, 1024, 64, False), (8, 1024, 64, True), (128, 2048, 64, False))
SOFTMAX = ((2364, 197), (12288, 1024), (8192, 4096))
LAYER_NORM = ((197, 384), (1024, 768), (8192, 4096))


def attention(heads, length, width, causal):
    queries, keys, values = (torch.randn(1, heads, length, width, device="cuda") for _ in range(3))
    call = torch.nn.functional.scaled_dot_product_attention
    return microseconds(lambda: call(queries, keys, values, is_causal=causal))


def repvgg(batch, layout):
    layers = []
    for inputs, outputs, count in REPVGG_A2:
        for i in range(count):
            layers += [torch.nn.Conv2d(outputs if i else inputs, outputs, 3, 1 if i else 2, 1), torch.nn.ReLU(True)]
    layers += [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(REPVGG_A2[-1][1], 1000)]
    network = torch.nn.Sequential(*layers).cuda().to(memory_format=layout)
    image = torch.randn(batch, 3, 224, 224, device="cuda").to(memory_format=layout)
    return microseconds(lambda: network(image), calls=3)


@torch.no_grad()
def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    layouts = (torch.contiguous_format, torch.channels_last)
    print(f"PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, {torch.cuda.get_device_name()}")
    for inputs, outputs, side, kernel, stride in CONVOLUTIONS:
        best = min(convolution(inputs, outputs, side, kernel, stride, layout) for layout in layouts)
        size = (side - 1) // stride + 1
        name = f"{kernel}x{kernel}.{inputs}_{outputs}.{size}x{size}" + (f".s{stride}" if stride > 1 else "")
        print(f"conv.fp32.{name} {best:.1f} us", flush=True)
    for size in (64, 256, 1024, 2048, 4096):
        left, right = (torch.randn(size, size, device="cuda") for _ in range(2))
        print(f"gemm.fp32.{size}x{size}x{size} {microseconds(lambda: torch.mm(left, right)):.1f} us", flush=True)
    for heads, length, width, causal in ATTENTION:
        name = f"{heads}x{length}x{width}" + (".causal" if causal else "")
        print(f"attention.fp32.{name} {attention(heads, length, width, causal):.1f} us", flush=True)
    for rows, length in SOFTMAX:
        matrix = torch.randn(rows, length, device="cuda")
        softmax = microseconds(lambda: torch.softmax(matrix, 1))
        print(f"softmax.fp32.{rows}x{length} {softmax:.1f} us", flush=True)
    for rows, length in LAYER_NORM:
        matrix = torch.randn(rows, length, device="cuda")
        gain, bias = torch.randn(length, device="cuda"), torch.randn(length, device="cuda")
        norm = microseconds(lambda: torch.nn.functional.layer_norm(matrix, (length,), gain, bias))
        print(f"layer_norm.fp32.{rows}x{length} {norm:.1f} us", flush=True)
    for batch, name in ((1, "repvgg_a2"), (32, "repvgg_a2.b32")):
        print(f"network.{name} {min(repvgg(batch, layout) for layout in layouts):.0f} us", flush=True)


if __name__ == "__main__":
    main()
