set -eg AMP
if set -qg __gophersnake_1_AMP; set -g AMP $__gophersnake_1_AMP; set -eg __gophersnake_1_AMP; end
set -eg EMPTY
set -qx EMPTY; and test "$EMPTY" = ''; or set -gx EMPTY ''
set -eg GOROOT
set -qx GOROOT; and test "$GOROOT" = '/old go'; or set -gx GOROOT '/old go'
set -eg NEW
if set -qg __gophersnake_1_NEW; set -g NEW $__gophersnake_1_NEW; set -eg __gophersnake_1_NEW; end
set -eg NOTHING
if set -qg __gophersnake_1_NOTHING; set -g NOTHING $__gophersnake_1_NOTHING; set -eg __gophersnake_1_NOTHING; end
set -eg OLD
set -qx OLD; and test "$OLD" = 'it\'s'; or set -gx OLD 'it\'s'
set -eg QUOTES
if set -qg __gophersnake_1_QUOTES; set -g QUOTES $__gophersnake_1_QUOTES; set -eg __gophersnake_1_QUOTES; end
set -gx PATH '/usr/bin:/bin'
set -eg GOPHERSNAKE_DIFF
if functions -q __gophersnake_1_prompt
functions -e fish_prompt
functions -c __gophersnake_1_prompt fish_prompt
functions -e __gophersnake_1_prompt
end
