"""The shaders: one for the picture, in variants that fetch only what they show, and one for the text.

Colours are gamma-coded R'G'B' in [0, 1] throughout, as the camera gives them and the screen takes them.
"""

from __future__ import annotations

from typing import NamedTuple

VERTEX = """#version 330 core
uniform vec4 target;   // left, top, right, bottom on the upright screen, shares of its size
uniform vec4 crop;     // the same in the texture
uniform mat2 turn;     // from upright to the framebuffer
out vec2 texel;
out vec2 place;
void main() {
    vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
    texel = mix(crop.xy, crop.zw, corner);
    place = mix(target.xy, target.zw, corner);
    gl_Position = vec4(turn * (place * vec2(2.0, -2.0) + vec2(-1.0, 1.0)), 0.0, 1.0);
}
"""

# One texture is all that most frames need; on a CPU that draws, each further fetch costs as much again.
PLAIN_FRAGMENT = """#version 330 core
uniform sampler2D painting;
uniform vec2 light;    // factor and addend
in vec2 texel;
out vec4 colour;
void main() {
    colour = vec4(texture(painting, texel).rgb * light.x + light.y, 1.0);
}
"""

FULL_FRAGMENT = """#version 330 core
uniform sampler2D painting;
uniform sampler2D previous;
uniform sampler2D camera;
uniform vec2 light;    // factor and addend
uniform float fade;
uniform float strength;
uniform float own_colours;
uniform vec3 split;    // begin and end of the divider, and its opacity; shares of the upright width
in vec2 texel;
in vec2 place;
out vec4 colour;

const vec3 LUMA = vec3(0.2126, 0.7152, 0.0722);  // BT.709

// The second one's chroma on the first one's luma, drawn towards grey as far as it takes to stay in [0, 1].
vec3 chroma_of(vec3 painted, vec3 seen) {
    float luma = dot(painted, LUMA);
    vec3 chroma = seen - dot(seen, LUMA);
    vec3 room = mix(vec3(luma), vec3(1.0 - luma), step(0.0, chroma));
    vec3 most = room / max(abs(chroma), 1e-4);
    return luma + chroma * min(1.0, min(most.r, min(most.g, most.b)));
}

void main() {
    vec3 painted = texture(painting, texel).rgb;
#ifdef PREVIOUS
    painted = mix(texture(previous, texel).rgb, painted, fade);
#endif
#ifdef CAMERA
    vec3 seen = texture(camera, texel).rgb;
#ifdef OWN_COLOURS
    painted = mix(painted, chroma_of(painted, seen), own_colours);
#endif
    painted = mix(seen, painted, place.x < split.x ? 0.0 : strength);
    painted = mix(painted, vec3(1.0), place.x >= split.x && place.x < split.y ? split.z : 0.0);
#endif
    colour = vec4(painted * light.x + light.y, 1.0);
}
"""

SPRITE_FRAGMENT = """#version 330 core
uniform sampler2D sprite;   // premultiplied
uniform float alpha;
in vec2 texel;
out vec4 colour;
void main() {
    colour = texture(sprite, texel) * alpha;
}
"""


class Features(NamedTuple):
    """What a variant of the picture's shader can do; `own_colours` goes with `camera` only."""

    camera: bool = False
    own_colours: bool = False
    previous: bool = False


def picture_fragment(features: Features) -> str:
    """The picture's fragment shader with just the textures and sums that it needs."""
    if not any(features):
        return PLAIN_FRAGMENT
    version, rest = FULL_FRAGMENT.split("\n", 1)
    defines = [f"#define {name.upper()}" for name, wanted in features._asdict().items() if wanted]
    return "\n".join([version, *defines, rest])
