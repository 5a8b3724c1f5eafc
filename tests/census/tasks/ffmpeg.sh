# makes a picture that moves, encodes, cuts, probes and hashes it
# limit: 900
ff='ffmpeg -v error -nostdin -threads 1 -bitexact'
$ff -f lavfi -i testsrc=size=64x48:rate=5:duration=2 -f lavfi -i sine=duration=2 -c:v mpeg4 -flags +bitexact -c:a pcm_s16le -fflags +bitexact a.avi
ffprobe -v error -show_entries stream=codec_name,width,height,nb_frames,duration -of compact a.avi && $ff -i a.avi -map 0:v -f md5 - && $ff -i a.avi -vf 'scale=32:24,hflip' -frames:v 1 f.ppm && sha256sum f.ppm
$ff -ss 1 -i a.avi -c:v ffv1 -an b.mkv && ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 b.mkv && $ff -f lavfi -i anullsrc=d=1 -c:a flac -f framemd5 - | tail -1; ffmpeg -v error -i nothing x.avi 2>&1 || echo "status $?"; rm -f *.avi *.mkv
