# fits a model, tests, sorts a table and writes it
# limit: 600
cat >t.R <<'E'
x <- 1:10; y <- 2 * x + c(.1, -.1); m <- lm(y ~ x); print(round(coef(m), 4)); print(summary(c(1, 5, 9)))
d <- data.frame(g = c("a", "b", "a"), v = 1:3); print(aggregate(v ~ g, d, sum)); write.csv(d, "out.csv", row.names = FALSE); print(nrow(read.csv("out.csv")))
print(t.test(x, mu = 5)$p.value < 0.5); set.seed(1); print(sample(10)); print(solve(matrix(c(2, 1, 1, 3), 2))); print(system("echo child", intern = TRUE)); print(tryCatch(stop("mine"), error = conditionMessage))
print(gsub("(\\d+)", "<\\1>", "a1b22")); print(sapply(split(mtcars$mpg, mtcars$cyl), mean)); pdf("p.pdf"); plot(x, y); invisible(dev.off()); print(file.exists("p.pdf"))
E
Rscript --vanilla t.R; rm -f p.pdf
