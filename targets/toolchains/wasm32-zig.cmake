# WebAssembly by the clang in PyPI's ziglang: no system package. FACELITE_PYTHON names the Python that has it.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
find_program(FACELITE_PYTHON NAMES python3 python REQUIRED)
set(CMAKE_C_COMPILER "${FACELITE_PYTHON};-m;ziglang;cc;-target;wasm32-wasi")
set(CMAKE_C_COMPILER_WORKS ON) # the trial would build a static archive, and zig's ar wants a wrapper
set(CMAKE_EXECUTABLE_SUFFIX_C .wasm)
# Zig puts the stack below the data, where one too small traps.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-z,stack-size=262144")
