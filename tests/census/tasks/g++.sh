# templates, containers, exceptions, threads and coroutines of C++20
cat >a.cpp <<'E'
#include <algorithm>
#include <atomic>
#include <coroutine>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <ranges>
#include <regex>
#include <thread>
#include <vector>
struct G { struct promise_type { int v; G get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; } std::suspend_always initial_suspend() { return {}; } std::suspend_always final_suspend() noexcept { return {}; } std::suspend_always yield_value(int x) { v = x; return {}; } void return_void() {} void unhandled_exception() {} }; std::coroutine_handle<promise_type> h; };
G gen() { for (int i = 0; i < 3; i++) co_yield i * i; }
template <class T> concept N = std::integral<T>; template <N T> T twice(T x) { return 2 * x; }
int main() {
    std::map<std::string, int> m{{"b", 2}, {"a", 1}}; for (auto& [k, v] : m) std::cout << k << v << ' ';
    std::vector<std::thread> t; std::atomic<int> n{0}; for (int i = 0; i < 4; i++) t.emplace_back([&] { n += 10; }); for (auto& x : t) x.join(); std::cout << n << '\n';
    auto g = gen(); while (g.h.resume(), !g.h.done()) std::cout << g.h.promise().v << ' '; g.h.destroy();
    try { throw std::runtime_error("mine"); } catch (std::exception& e) { std::cout << e.what() << ' ' << twice(21) << '\n'; }
    std::cout << std::regex_replace("a1b22", std::regex("\\d+"), "<$&>"); for (int x : std::views::iota(1, 10) | std::views::filter([](int i) { return i % 3 == 0; })) std::cout << ' ' << x; std::cout << '\n'; std::ofstream("out") << "file\n"; auto p = std::make_shared<int>(5); std::cout << p.use_count() << '\n';
}
E
g++ -std=c++20 -O1 -Wall a.cpp -o p && ./p && echo 'int main() { std::x y; }' | g++ -x c++ - 2>&1 | grep -c error; rm p
