# blocks, hashes, regular expressions, fibers, threads and processes
cat >t.rb <<'E'
require "json"; require "digest"; require "set"; require "open3"; require "date"
puts (1..10).select(&:even?).map { |x| x * x }.sum, "hello world".split.map(&:capitalize).join(" "), JSON.generate({b: [1, nil]}), Digest::SHA256.hexdigest("abc")[0, 16]
f = Fiber.new { 3.times { |i| Fiber.yield i }; :done }; puts 4.times.map { f.resume }.inspect
q = Queue.new; t = 3.times.map { |i| Thread.new { q << i * i } }; t.each(&:join); puts 3.times.map { q.pop }.sort.inspect
File.write("out", "a1b22\n"); puts File.read("out").gsub(/\d+/) { |m| (m.to_i * 2).to_s }; o, s = Open3.capture2("tr a-z A-Z", stdin_data: "child"); puts o, s.exitstatus
r, w = IO.pipe; pid = fork { r.close; w.puts "from fork"; exit! 3 }; w.close; puts r.read; Process.wait pid; puts $?.exitstatus, (Date.new(2024, 1, 31) >> 1), 2 ** 100
begin; raise ArgumentError, "mine"; rescue => e; puts e.message; end; Signal.trap("USR1") { puts "caught" }; Process.kill("USR1", $$); sleep 0.1; Point = Struct.new(:x, :y); p Point.new(1, 2)
E
ruby t.rb
