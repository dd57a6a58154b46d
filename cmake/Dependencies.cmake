# Third-party packages, all from the distribution. Each is included in one module of ours only;
# tests/layering enforces it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED)          # Boost.DLL, headers only: host/loader
find_package(spdlog 1.10 REQUIRED)         # host/log
find_package(tomlplusplus 3.3 REQUIRED)    # host/config
find_package(nlohmann_json 3.11 REQUIRED)  # host/json
find_package(pugixml 1.13 REQUIRED)        # host/report
find_package(CLI11 2.1 REQUIRED)           # host/cli
pkg_check_modules(LIBELF REQUIRED IMPORTED_TARGET libelf)   # host/loader
pkg_check_modules(LIBBPF REQUIRED IMPORTED_TARGET libbpf)   # host/kernel
pkg_check_modules(LIBZSTD REQUIRED IMPORTED_TARGET libzstd) # host/kernel
