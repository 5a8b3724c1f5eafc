# makes files by rules and in the order of what they need
# limit: 300
cat >Rakefile <<'E'
file "b" => ["a"] do |t| File.write(t.name, File.read("a").upcase); puts "made #{t.name}" end
rule ".o" => ".c" do |t| sh "cp #{t.source} #{t.name}" end
task default: ["b", "x.o"] do puts "done" end
desc "describes"
task :d, [:n] do |_, a| puts "n is #{a[:n]}" end
multitask many: %w[m1 m2] do puts "many" end
task(:m1) {}
task(:m2) {}
E
echo hello >a && echo int >x.c
rake && rake && touch -d 2030-01-01 a && rake b && rake "d[5]" many && rake -T && rake nothing 2>&1 | head -2; rake -P | head -4
