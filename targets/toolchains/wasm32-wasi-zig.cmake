# WebAssembly with WASI by zig.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_EXECUTABLE_SUFFIX_C .wasm)
set(zig wasm32-wasi)
include("${CMAKE_CURRENT_LIST_DIR}/zig.cmake")
# zig puts the stack below the data, where one too small traps.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-z,stack-size=262144")
