if [ -r '/p/deactivate.sh' ]; then . '/p/deactivate.sh'; fi
\unset -v AMP
if [ "${__gophersnake_1_AMP+set}" = set ]; then AMP=$__gophersnake_1_AMP; \unset -v __gophersnake_1_AMP; fi
\export EMPTY=''
\export GOROOT='/old go'
\unset -v NEW
if [ "${__gophersnake_1_NEW+set}" = set ]; then NEW=$__gophersnake_1_NEW; \unset -v __gophersnake_1_NEW; fi
\unset -v NOTHING
if [ "${__gophersnake_1_NOTHING+set}" = set ]; then NOTHING=$__gophersnake_1_NOTHING; \unset -v __gophersnake_1_NOTHING; fi
\export OLD='it'\''s'
\unset -v QUOTES
if [ "${__gophersnake_1_QUOTES+set}" = set ]; then QUOTES=$__gophersnake_1_QUOTES; \unset -v __gophersnake_1_QUOTES; fi
\export PATH='/usr/bin:/bin'
\unset -v GOPHERSNAKE_DIFF
if [ "${__gophersnake_1_prompt+set}" = set ]; then PS1=$__gophersnake_1_prompt; \unset -v __gophersnake_1_prompt; fi
