# 64-bit Arm Linux by Debian's gcc-aarch64-linux-gnu, its programs run here by qemu-user. The environment variable
# QEMU_CPU chooses what qemu pretends to be: cortex-a57 (Switch), cortex-a72, cortex-a76 (has dot product), …
# -DCMAKE_C_COMPILER=clang takes clang instead, with Debian's cross libc and linker.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(triple aarch64-linux-gnu)

if(NOT CMAKE_C_COMPILER)
    set(CMAKE_C_COMPILER ${triple}-gcc)
    set(CMAKE_CXX_COMPILER ${triple}-g++)
endif()
set(CMAKE_C_COMPILER_TARGET ${triple}) # only clang asks
set(CMAKE_CXX_COMPILER_TARGET ${triple})
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/${triple})

set(CMAKE_FIND_ROOT_PATH /usr/${triple})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
