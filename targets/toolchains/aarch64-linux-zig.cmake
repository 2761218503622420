# 64-bit Arm Linux by zig, statically linked with musl: programs run on any distribution, and on Android.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(zig aarch64-linux-musl)
include("${CMAKE_CURRENT_LIST_DIR}/zig.cmake")
