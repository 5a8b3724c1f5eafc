# evaluates a Haskell program
cat >T.hs <<'E'
module Main where
import Data.List
primes = sieve [2 ..] where sieve (p : xs) = p : sieve [x | x <- xs, x `mod` p /= 0]
main = do
    print (take 20 primes)
    putStrLn (intercalate ", " (sort (words "the quick brown fox")))
    writeFile "out" (unlines (map show [x * x | x <- [1 .. 10 :: Integer]]))
    readFile "out" >>= print . sum . map read . lines
    print (2 ^ 100 :: Integer)
E
runhugs T.hs
