# 64-bit x86 Linux by zig, statically linked with musl: programs run on any distribution, and on Android.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(zig x86_64-linux-musl)
include("${CMAKE_CURRENT_LIST_DIR}/zig.cmake")
