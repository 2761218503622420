# The extension `facelite._kernel`, installed beside the package's Python files.
enable_language(CXX)
set(PYBIND11_FINDPYTHON ON)
find_package(pybind11 CONFIG REQUIRED)

pybind11_add_module(_kernel python/bind.cpp)
target_compile_features(_kernel PRIVATE cxx_std_17)
target_link_libraries(_kernel PRIVATE facelite)
target_link_options(_kernel PRIVATE ${exact_link})
if(NOT MSVC)
    target_compile_options(_kernel PRIVATE -Wall -Wextra)
endif()
install(TARGETS _kernel LIBRARY DESTINATION . COMPONENT python)
