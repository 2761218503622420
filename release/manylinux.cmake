# zig for a Python extension: glibc no newer than manylinux_2_28's, C++'s library inside the module.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $ENV{FACELITE_WHEEL_MACHINE})
set(zig ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu.2.28)
include("${CMAKE_CURRENT_LIST_DIR}/../targets/toolchains/zig.cmake")
set(CMAKE_CXX_COMPILER "${FACELITE_ZIG}" c++ -target ${zig})
set(CMAKE_MODULE_LINKER_FLAGS_INIT "-s")
