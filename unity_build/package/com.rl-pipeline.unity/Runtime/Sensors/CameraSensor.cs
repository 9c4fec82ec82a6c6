using System;
using UnityEngine;

namespace RlPipeline
{
    /// <summary>
    /// What a camera sees, as the picture of the observation: three bytes a pixel, rows from above. It needs a graphics
    /// device, so start the build without -nographics.
    /// </summary>
    [RequireComponent(typeof(Camera))]
    public sealed class CameraSensor : MonoBehaviour
    {
        private const int Channels = 3;
        [SerializeField] private int height = 84;
        [SerializeField] private int width = 84;
        private RenderTexture _texture;
        private Texture2D _picture;

        /// <summary>Rows of the picture.</summary>
        public int Height => height;

        /// <summary>Columns of the picture.</summary>
        public int Width => width;

        /// <summary>Write the picture to a place in a larger array.</summary>
        public void Draw(byte[] target, int offset)
        {
            Camera camera = GetComponent<Camera>();
            if (_texture == null)
            {
                _texture = new RenderTexture(width, height, 24);
                _picture = new Texture2D(width, height, TextureFormat.RGB24, false);
            }
            camera.targetTexture = _texture;
            camera.Render();
            RenderTexture active = RenderTexture.active;
            RenderTexture.active = _texture;
            _picture.ReadPixels(new Rect(0, 0, width, height), 0, 0);
            RenderTexture.active = active;
            CopyFromAbove(_picture.GetRawTextureData(), target, offset);
        }

        // Unity's rows begin below.
        private void CopyFromAbove(byte[] pixels, byte[] target, int offset)
        {
            int row = width * Channels;
            for (int y = 0; y < height; y++)
            {
                Array.Copy(pixels, (height - 1 - y) * row, target, offset + y * row, row);
            }
        }

        private void OnDestroy()
        {
            Destroy(_texture);
            Destroy(_picture);
        }
    }
}
